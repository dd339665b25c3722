from __future__ import annotations

import argparse
import os
from pathlib import Path

import pytest

from blasr.cli import options
from blasr.cli.parser import CommandParser


@pytest.mark.parametrize(
    ("function", "text", "value"),
    [
        (options.positive_numbers, "7-9", (7.0, 8.0, 9.0)),
        (options.positive_numbers, "7,12.5,7", (7.0, 12.5)),
        (options.numbers, "-1,0,0.5,0", (-1.0, 0.0, 0.5)),
        (options.positive_integers, "1,1,2", (1, 1, 2)),
        (options.words, "[noise],,<unk>", ("[noise]", "<unk>")),
        (options.share, "0", 0.0),
        (options.worker_count, "3", 3),
        (options.worker_count, "0", len(os.sched_getaffinity(0))),
    ],
)
def test_values_are_converted_when_parsed(function: object, text: str, value: object) -> None:
    assert callable(function)
    assert function(text) == value


@pytest.mark.parametrize(
    ("function", "text"),
    [
        (options.number, "nan"),
        (options.number, "ten"),
        (options.positive_number, "0"),
        (options.non_negative_number, "-0.1"),
        (options.share, "1.1"),
        (options.integer, "1.5"),
        (options.positive_integer, "0"),
        (options.non_negative_integer, "-1"),
        (options.positive_numbers, "9-7"),
        (options.positive_numbers, "0,1"),
        (options.positive_numbers, ""),
        (options.numbers, "1,,2"),
        (options.positive_integers, "1,0"),
        (options.worker_count, "-1"),
    ],
)
def test_bad_values_are_refused(function: object, text: str) -> None:
    assert callable(function)
    with pytest.raises(argparse.ArgumentTypeError, match="expected"):
        function(text)


@pytest.mark.parametrize("name", options.SHARED_OPTIONS)
def test_every_shared_option_can_be_added_and_has_help(name: str) -> None:
    parser = CommandParser(prog="tool")
    options.add_option(parser, name, note="of the test")
    assert "of the test" in " ".join(parser.format_help().split())
    assert parser.parse_args([]) is not None


def test_a_subcommand_chooses_the_default_and_whether_an_option_is_required(
    capsys: pytest.CaptureFixture[str],
) -> None:
    parser = CommandParser(prog="tool")
    options.add_option(parser, "--beam", default=8.0)
    options.add_option(parser, "--out", required=True)
    assert parser.parse_args(["--out", "x"]) == argparse.Namespace(beam=8.0, out=Path("x"))
    with pytest.raises(SystemExit):
        parser.parse_args([])
    assert "required: --out" in capsys.readouterr().err


def test_yes_no_options_have_both_forms() -> None:
    parser = CommandParser(prog="tool")
    options.add_option(parser, "--allow-pipes")
    options.add_yes_no(parser, "--audio", "open the audio", default=True)
    assert vars(parser.parse_args(["--allow-pipes", "--no-audio"])) == {"allow_pipes": True, "audio": False}
    assert "open the audio (default: yes)" in " ".join(parser.format_help().split())


def test_overrides_are_collected() -> None:
    parser = CommandParser(prog="tool")
    options.add_overrides(parser)
    assert parser.parse_args(["--set", "a.b=1", "--set", "c.d=2"]).overrides == ["a.b=1", "c.d=2"]
