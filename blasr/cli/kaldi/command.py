"""``blasr kaldi``: Kaldi's small tools, with its order of arguments, its options and its output."""

from __future__ import annotations

import argparse
import importlib

from blasr.cli.kaldi.tool import ToolParser
from blasr.cli.kaldi.tools import TOOLS
from blasr.cli.parser import examples, sentence


def configure(parser: argparse.ArgumentParser) -> None:
    """Add a parser for every tool."""
    subparsers = parser.add_subparsers(dest="tool", metavar="TOOL", required=True, parser_class=ToolParser)
    for name, tool in sorted(TOOLS.items()):
        subparser = subparsers.add_parser(
            name,
            help=tool.summary,
            description=sentence(tool.summary),
            epilog=examples(f"blasr kaldi {name} {tool.example}"),
        )
        for argument in tool.arguments:
            argument.add_to(subparser)
    parser.epilog = examples('blasr kaldi ali-to-pdf exp/tri/final.mdl "ark:gunzip -c exp/tri/ali.1.gz |" ark,t:-')


def run(args: argparse.Namespace) -> None:
    """Call the function of the chosen tool with its arguments."""
    tool = TOOLS[args.tool]
    module, _, function = tool.run.partition(".")
    values = {argument.parameter: getattr(args, argument.parameter) for argument in tool.arguments}
    getattr(importlib.import_module(f"blasr.cli.kaldi.{module}"), function)(**values)
