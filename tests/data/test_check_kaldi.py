"""Problems that only Kaldi's scripts refuse."""

from __future__ import annotations

from pathlib import Path

import pytest

from blasr.data.data_dir import DataDir, check_data_dir
from tests.data.data_dirs import FIXED, speakers, write


@pytest.mark.parametrize(
    ("name", "content", "line", "message"),
    [
        (
            "feats.scp",
            "ann-00 f.ark:1\nann-01 f.ark:2\n",
            None,
            "1 utterance(s) of utt2spk are missing here, first bob-00",
        ),
        ("cmvn.scp", "ann c.ark:1\nbob c.ark:2\nzoe c.ark:3\n", 3, "the speaker zoe is not in utt2spk"),
        ("utt2dur", "ann-00 1.5\nann-01 0\nbob-00 2\n", 2, "found '0' for ann-01, expected a number above 0"),
        ("utt2num_frames", "ann-00 9\nann-01 nan\nbob-00 2\n", 2, "found 'nan' for ann-01, expected a number above 0"),
        ("reco2dur", "ann-00 9\nann-01 x\nbob-00 2\n", 2, "found 'x' for ann-01, expected a number above 0"),
        ("spk2gender", "ann f\nbob male\n", 2, "found 'male' for bob"),
        ("text", "ann-00 a <s> b\nann-01 c\nbob-00 d\n", 1, "the transcript of ann-00 has <s>"),
    ],
)
def test_problems_have_their_line(tmp_path: Path, name: str, content: str, line: int | None, message: str) -> None:
    folder = speakers(tmp_path / "data", {"ann": 2, "bob": 1})
    recordings = "".join(f"{utterance} {tmp_path}/a.wav\n" for utterance in ("ann-00", "ann-01", "bob-00"))
    (folder / "wav.scp").write_text(recordings)
    (tmp_path / "a.wav").write_bytes(b"")
    before = {str(problem) for problem in check_data_dir(folder) if "a.wav" not in problem.message}
    assert before == set()
    (folder / name).write_text(content)
    problems = [problem for problem in check_data_dir(folder) if "a.wav" not in problem.message]
    assert [(problem.path.name, problem.line, problem.fatal) for problem in problems] == [(name, line, False)]
    assert problems[0].message.startswith(message)
    assert len(DataDir.read(folder)) == 3


def test_a_path_that_only_a_shell_understands(tmp_path: Path) -> None:
    folder = speakers(tmp_path / "data", {"ann": 1})
    (folder / "wav.scp").write_text("ann-00 ~/a.wav\n")
    assert any("starts with ~" in problem.message for problem in check_data_dir(folder))


def test_overlapping_segments_of_one_speaker(tmp_path: Path) -> None:
    segments = "ann-1 rec1 0.10 2.00\nann-2 rec1 1.75 3.25\nbob-1 rec2 0.5 1.5\n"
    folder = write(tmp_path / "data", {**FIXED, "segments": segments})
    problems = [problem for problem in check_data_dir(folder, allow_pipes=True) if problem.path.name == "segments"]
    assert [(problem.line, problem.message) for problem in problems] == [
        (2, "ann-2 overlaps ann-1 by 0.25 s: ann speaks in both, in rec1")
    ]
    two = segments.replace("bob-1 rec2 0.5 1.5", "bob-1 rec1 0.5 1.5")
    write(folder, {"segments": two.replace("1.75", "2.00"), "wav.scp": "rec1 /x/rec1.wav\n"})
    found = [problem.message for problem in check_data_dir(folder)]
    assert not any("overlaps" in message for message in found)
