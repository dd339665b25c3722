"""``blasr score``: error rates of hypotheses or lattices against text or STM references, and comparisons."""

from __future__ import annotations

import argparse

from blasr.cli.parser import Command, add_commands, examples, run_command
from blasr.cli.score import compare, stm, text

COMMANDS = {
    "text": Command(
        "hypotheses or lattices against the words of every utterance, counted as Kaldi does",
        text.EXAMPLES,
        text.configure,
        text.run,
    ),
    "stm": Command(
        "words with times against NIST's reference segments, counted as NIST's sclite does",
        stm.EXAMPLES,
        stm.configure,
        stm.run,
    ),
    "compare": Command(
        "whether two systems differ, by the matched-pairs test and by the bootstrap",
        compare.EXAMPLES,
        compare.configure,
        compare.run,
    ),
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the commands of ``blasr score``."""
    parser.epilog = examples(*text.EXAMPLES, *stm.EXAMPLES, *compare.EXAMPLES)
    add_commands(parser, COMMANDS)


def run(args: argparse.Namespace) -> None:
    """Run the chosen command."""
    run_command(args)
