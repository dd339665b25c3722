"""``blasr init``: copy a recipe of the installation into a folder of your own."""

from __future__ import annotations

import argparse
import textwrap
from pathlib import Path

from blasr.cli.options import add_option
from blasr.cli.parser import Command, add_commands, examples, run_command
from blasr.errors import ConfigError

RECIPE_EXAMPLES = ("blasr init recipe", "blasr init recipe demo --out my_system")
EPILOG = examples(*RECIPE_EXAMPLES)


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the commands of ``blasr init``."""
    parser.epilog = EPILOG
    add_commands(parser, COMMANDS)


def run(args: argparse.Namespace) -> None:
    """Run the chosen command."""
    run_command(args)


def _configure_recipe(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="?", metavar="NAME", help="a recipe; without it, all recipes are listed")
    add_option(parser, "--out", default=Path(), note="the folder that receives recipes/NAME and conf (default: here)")


def _recipe(args: argparse.Namespace) -> None:
    from blasr.pipeline import copy_recipe, recipe_titles

    if args.name is None:
        print(listing(recipe_titles()))
        return
    if args.out.is_file():
        raise ConfigError("--out is a file, expected a folder", path=args.out, fix="name a folder")
    copied = copy_recipe(args.name, args.out)
    print(f"{copied.folder}: {copied.written} files written, {copied.kept} were there already")
    script = copied.folder / "run.sh"
    print(f"next: {script} --help" if script.exists() else f"next: read {copied.folder / 'README.md'}")


def listing(titles: dict[str, str], width: int = 100) -> str:
    """Return the names and descriptions of the recipes as text."""
    indent = max(map(len, titles)) + 2
    lines = []
    for name, title in titles.items():
        wrapped = textwrap.wrap(title, width - indent) or [""]
        lines += [f"{name:<{indent}}{wrapped[0]}", *(" " * indent + line for line in wrapped[1:])]
    return "\n".join([*lines, "", "blasr init recipe NAME copies one of them into the current folder."])


COMMANDS = {
    "recipe": Command(
        "a recipe with its scripts and configurations, ready to run or to change",
        RECIPE_EXAMPLES,
        _configure_recipe,
        _recipe,
    ),
}
