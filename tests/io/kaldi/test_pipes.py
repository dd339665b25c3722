from __future__ import annotations

from pathlib import Path

import pytest

from blasr.errors import DataError
from blasr.io.kaldi.pipes import parse_pipeline, run_pipeline


@pytest.mark.parametrize(
    ("command", "programs"),
    [
        ("sph2pipe -f wav -p -c 1 '/a b/x.sph' |", [["sph2pipe", "-f", "wav", "-p", "-c", "1", "/a b/x.sph"]]),
        (
            "flac -dcs a.flac | sox -t wav - -r 8k -t wav - |",
            [["flac", "-dcs", "a.flac"], ["sox", "-t", "wav", "-", "-r", "8k", "-t", "wav", "-"]],
        ),
        ("cat a#1.wav|", [["cat", "a#1.wav"]]),
        ("sox 'a|b.wav' -t wav - |", [["sox", "a|b.wav", "-t", "wav", "-"]]),
    ],
)
def test_plain_pipelines(command: str, programs: list[list[str]]) -> None:
    assert parse_pipeline(command) == programs


@pytest.mark.parametrize(
    "command",
    [
        "cat a; rm b |",
        "cat a && rm b |",
        "cat $(ls) |",
        "cat `ls` |",
        "cat a > b |",
        "cat <a |",
        "cat a & |",
        "(cat a) |",
        "cat $HOME/a |",
        "cat a",
        "|",
        "| cat |",
        "cat a || cat b |",
        "cat 'a |",
    ],
)
def test_what_needs_a_shell_is_refused_and_not_run(command: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot run"):
        run_pipeline(command)


def test_a_failure_in_the_middle_is_told(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x" * 10**6)
    assert run_pipeline(f"cat {tmp_path}/a | head -c 5 | tr x y |") == b"yyyyy"
    with pytest.raises(DataError, match="'false' of"):
        run_pipeline("true | false | cat |")
