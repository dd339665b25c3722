from __future__ import annotations

import argparse

import pytest

from blasr.cli.options import add_option, numbers
from blasr.cli.parser import Command, CommandParser, add_commands, examples, nearest, run_command


def a_parser(calls: list[str]) -> CommandParser:
    def configure(parser: argparse.ArgumentParser) -> None:
        add_option(parser, "--lm-weight")
        add_option(parser, "--lm-weights")
        add_option(parser, "--word-ins-penalty")
        add_option(parser, "--word-ins-penalties")
        parser.add_argument("--scorer", choices=("own", "sctk"))

    def run(args: argparse.Namespace) -> None:
        calls.append(f"{args.command} {args.lm_weight:g}")

    parser = CommandParser(prog="tool")
    add_commands(parser, {"text": Command("score a text", ("tool text --lm-weight 3",), configure, run)})
    return parser


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("text --lm-wieght 3", "tool text: error: unrecognized option --lm-wieght; did you mean --lm-weight?"),
        ("text --lm-wieght=3", "unrecognized option --lm-wieght; did you mean --lm-weight?"),
        ("text --penalty 3", "unrecognized option --penalty; did you mean --word-ins-penalty?"),
        ("text --lm-weigh 3", "unrecognized option --lm-weigh; did you mean --lm-weight?"),
        ("text --nn 4", "unrecognized option --nn\n"),
        ("text --height 3", "unrecognized option --height\n"),
        ("text -q", "unrecognized option -q\n"),
        ("text --xyzzy", "unrecognized option --xyzzy\n"),
        ("text --scorer stck", "--scorer: unknown value 'stck'; did you mean sctk? (choose from own, sctk)"),
        ("txet", "COMMAND: unknown value 'txet'; did you mean text?"),
        ("--ref x text", "unrecognized option --ref; expected one of text first"),
        ("text stray", "unexpected argument 'stray'"),
        ("text --lm-weight 0", "argument --lm-weight: expected a number above 0, found '0'"),
        ("", "the following arguments are required: COMMAND"),
    ],
)
def test_a_mistake_is_one_message_with_the_nearest_word(
    line: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stop:
        a_parser([]).parse_args(line.split())
    found = capsys.readouterr().err
    assert stop.value.code == 2
    assert message in found
    assert found.count("\n") == 2
    assert "fix: see tool" in found


def test_a_positional_output_is_answered_with_its_option(capsys: pytest.CaptureFixture[str]) -> None:
    parser = CommandParser(prog="tool")
    add_option(parser, "--out")
    with pytest.raises(SystemExit):
        parser.parse_args(["somewhere"])
    assert "unexpected argument 'somewhere'; name the output with --out" in capsys.readouterr().err


def test_an_output_that_was_named_is_not_asked_for_again(capsys: pytest.CaptureFixture[str]) -> None:
    parser = CommandParser(prog="tool")
    add_option(parser, "--out")
    with pytest.raises(SystemExit):
        parser.parse_args(["somewhere", "--out", "elsewhere"])
    assert "unexpected argument 'somewhere'\n" in capsys.readouterr().err


def test_lists_of_negative_numbers_are_values() -> None:
    args = a_parser([]).parse_args(["text", "--word-ins-penalties", "-1,-0.5,0", "--word-ins-penalty", "-.5"])
    assert args.word_ins_penalties == numbers("-1,-0.5,0")
    assert args.word_ins_penalty == -0.5


def test_the_chosen_command_runs() -> None:
    calls: list[str] = []
    run_command(a_parser(calls).parse_args(["text", "--lm-weight", "3"]))
    assert calls == ["text 3"]


def test_help_has_the_defaults_and_the_examples(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        a_parser([]).parse_args(["text", "--help"])
    assert stop.value.code == 0
    shown = capsys.readouterr().out
    assert "Score a text." in shown
    assert "(default: 7-20)" in " ".join(shown.split())
    assert shown.endswith("example:\n  tool text --lm-weight 3\n")


def test_nothing_is_suggested_where_nothing_is_near() -> None:
    assert nearest("zzz", ["--out", "--data"]) == ""
    assert nearest("--arks", ["--max-loss", "--nj", "--lang"]) == ""
    assert nearest("--uot", ["--out", "--nj"]) == "; did you mean --out?"
    assert nearest("--n", ["--nj", "--no"]) == ""
    assert nearest("-n", ["--nj", "--n"]) == "; did you mean --n?"
    assert examples("a", "b") == "examples:\n  a\n  b"


def test_help_fits_the_terminal_and_keeps_examples(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "50")
    example = "tool " + "--lm-weight 3 " * 5
    parser = CommandParser(
        prog="tool", description="Some words.\n" * 9, epilog=f"Two lines\nof text.\n\n{examples(example)}"
    )
    with pytest.raises(SystemExit):
        parser.parse_args(["--help"])
    lines = capsys.readouterr().out.splitlines()
    assert f"  {example}" in lines
    assert "Two lines of text." in lines
    assert max(len(line) for line in lines if not line.startswith("  tool")) <= 48
