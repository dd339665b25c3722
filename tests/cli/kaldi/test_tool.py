from __future__ import annotations

import argparse

import pytest

from blasr.cli.kaldi.tool import ToolParser, argument, boolean, flag, option


@pytest.mark.parametrize(("text", "value"), [("true", True), ("t", True), ("1", True), ("false", False), ("0", False)])
def test_booleans(text: str, value: bool) -> None:
    assert boolean(text) is value
    with pytest.raises(argparse.ArgumentTypeError, match="expected true or false, found 'yes'"):
        boolean("yes")


def test_a_boolean_option_never_takes_the_next_word() -> None:
    parser = ToolParser(prog="tool")
    for row in (
        flag("binary", "binary form", default=True),
        option("scale", "a scale", type=float),
        argument("in", "in"),
    ):
        row.add_to(parser)
    args = parser.parse_args(["--binary", "false", "--scale=2"])
    assert (args.binary, getattr(args, "in"), args.scale) == (True, "false", 2.0)
    assert parser.parse_args(["--binary=false", "x"]).binary is False


def test_the_parameter_of_an_option() -> None:
    assert option("write-num-frames", "frames").parameter == "write_num_frames"
    assert argument("source", "input", metavar="INPUT").parameter == "source"
