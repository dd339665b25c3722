from __future__ import annotations

from pathlib import Path

import pytest

from blasr.errors import DataError, DependencyError, FormatError
from blasr.io.kaldi.pipes import (
    compressed_file,
    decompressed_files,
    file_before_pipe,
    is_command,
    open_sink,
    parse_pipeline,
    refuse_command,
    run_pipeline,
)


@pytest.mark.parametrize("entry", ["{folder}/x.wav |", "{folder}/notes|", "'{folder}/x.wav' |", "absent.flac |"])
def test_a_file_in_place_of_a_command_is_named(tmp_path: Path, entry: str) -> None:
    for name in ("x.wav", "notes"):
        (tmp_path / name).touch()
    command = entry.format(folder=tmp_path)
    assert file_before_pipe(command) is not None
    with pytest.raises(DataError, match=r"is a file, not a program\n  fix: remove the \| at the end"):
        run_pipeline(command)


@pytest.mark.parametrize("command", ["sph2pipe -f wav a.sph |", "true |", "cat a.wav | sox - |", "a; b |"])
def test_commands_are_no_files(command: str) -> None:
    assert file_before_pipe(command) is None


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
def test_plain_pipelines_are_split(command: str, programs: list[list[str]]) -> None:
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
def test_commands_that_need_a_shell_are_refused(command: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot run"):
        run_pipeline(command)


def test_a_failure_in_the_middle_is_reported(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x" * 10**6)
    assert run_pipeline(f"cat {tmp_path}/a | head -c 5 | tr x y |") == b"yyyyy"
    with pytest.raises(DataError, match="'false' of"):
        run_pipeline("true | false | cat |")


def test_commands_that_only_compress_or_decompress_are_recognized() -> None:
    assert decompressed_files("cat a b |") == ["a", "b"]
    assert decompressed_files("gunzip -c 'a b.gz' |") == ["a b.gz"]
    for command in ("gunzip a.gz |", "cat a | head |", "zcat -q a |", "cat a; rm b |", "cat |", "cat `ls` |"):
        assert decompressed_files(command) is None
    assert compressed_file("| gzip -c > a.gz") == compressed_file("|gzip >a.gz") == "a.gz"
    for command in ("| gzip -c", "| gzip -c > $HOME/a", "| sort | gzip -c > a.gz", "| gzip -9 > a.gz", "| gzip 'a"):
        assert compressed_file(command) is None


def test_commands_are_recognized() -> None:
    assert is_command("cat a |") and is_command("| cat") and not is_command("a|b")
    refuse_command("a.ark", fix="")
    with pytest.raises(FormatError, match=r"'cat a \|' is a command, .*\n  fix: name a file"):
        refuse_command("cat a |", fix="name a file")


def test_a_sink_passes_what_is_written_through_all_programs(tmp_path: Path) -> None:
    with open_sink(f"| tr x y | tee {tmp_path}/out") as sink:
        sink.write(b"xx")
    assert (tmp_path / "out").read_bytes() == b"yy"


def test_a_failed_sink_is_reported() -> None:
    with (
        pytest.raises(DataError, match=r"'false' of '\| cat \| false' failed with status 1"),
        open_sink("| cat | false"),
    ):
        pass
    with pytest.raises(DependencyError, match="cannot run 'no-such-program'"), open_sink("| cat | no-such-program"):
        pass
    with pytest.raises(DataError, match="cannot run"), open_sink("| cat > a"):
        pass


def test_an_error_while_a_sink_is_open_ends_its_programs() -> None:
    with pytest.raises(KeyError), open_sink("| cat | cat") as sink:
        sink.write(b"x")
        raise KeyError


def test_a_program_of_a_sink_may_stop_reading() -> None:
    with open_sink("| head -c 1") as sink:
        for _ in range(1000):
            sink.write(b"x" * 10_000)
