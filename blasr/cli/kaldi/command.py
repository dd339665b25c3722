"""``blasr kaldi``: Kaldi's small tools, with its order of arguments, its options and its output."""

from __future__ import annotations

import argparse

from blasr.cli.kaldi import models, tables
from blasr.cli.kaldi.tool import ToolParser

TOOLS = {**tables.TOOLS, **models.TOOLS}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add a parser for every tool."""
    tools = parser.add_subparsers(dest="tool", metavar="TOOL", required=True, parser_class=ToolParser)
    for name, tool in sorted(TOOLS.items()):
        subparser = tools.add_parser(
            name, help=tool.summary, description=tool.summary, epilog=f"example: blasr kaldi {name} {tool.example}"
        )
        subparser.add_argument(
            "--allow-pipes", action="store_true", help="run the commands that stand in place of files, without a shell"
        )
        for argument in tool.arguments:
            argument.add_to(subparser)
        subparser.set_defaults(run_tool=tool.run)
    parser.epilog = 'example: blasr kaldi ali-to-pdf exp/tri/final.mdl "ark:gunzip -c exp/tri/ali.1.gz |" ark,t:-'


def run(args: argparse.Namespace) -> None:
    """Run one tool."""
    args.run_tool(args)
