from __future__ import annotations

import json
from pathlib import Path

import pytest

from blasr.cli.explain.report import print_explanation, write_page
from blasr.scoring.aligned_utterance import align_transcripts
from blasr.scoring.causes import Cause, LatticeEvidence


def test_tables_json_and_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    references = {"u1": ["yes", "no"], "u2": ["xylo"]}
    utterances = align_transcripts(references, {"u1": ["yes", "maybe"], "u2": ["no"]}, {"u1": "ann", "u2": "bob"})
    evidence = {"u1": LatticeEvidence(1, 0.0, 0.0)}
    known = {"yes", "no", "maybe"}.__contains__
    explanation = print_explanation(utterances, known, evidence, ["a remark"], json_path=tmp_path / "json")
    assert explanation.causes == {Cause.SEARCH: 1, Cause.VOCABULARY: 1}
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert rows[0] == ["%WER", "66.67", "[", "2", "/", "3,", "0", "ins,", "0", "del,", "2", "sub", "]"]
    assert rows[1] == ["a", "remark"]
    assert [row for row in rows if row and row[0] in ("vocabulary", "search")] == [
        ["vocabulary", "1", "50.0%"],
        ["search", "1", "50.0%"],
    ]
    report = json.loads((tmp_path / "json").read_text())
    assert list(report["causes"].items()) == [("vocabulary", 1), ("search", 1)]
    assert report["speakers"]["ann"]["wer"] == 50.0
    assert report["substitutions"] == [["no", "maybe", 1], ["xylo", "no", 1]]
    write_page(None, "title", explanation)
    write_page(tmp_path / "page.html", "A title", explanation)
    assert "A title" in (tmp_path / "page.html").read_text()
