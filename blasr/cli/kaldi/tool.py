"""The parts of a tool's command line, in Kaldi's form; importing this module loads no numerical library."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from typing import Any, Final

from blasr.cli.parser import CommandParser


@dataclass(frozen=True)
class Argument:
    """An argument or an option of a tool, as ``add_argument`` takes it."""

    name: str
    options: dict[str, Any]

    def add_to(self, parser: argparse.ArgumentParser) -> None:
        """Add it to a parser."""
        parser.add_argument(self.name, **self.options)

    @property
    def parameter(self) -> str:
        """The parameter of the tool's function that receives the value."""
        return self.name.lstrip("-").replace("-", "_")


@dataclass(frozen=True)
class Tool:
    """One of Kaldi's tools.

    Attributes:
        run: the module of this package and the function in it, such as ``tables.copy_feats``. The function has one
            parameter for each argument.
        summary: one line of help.
        example: the arguments of a real call.
        arguments: its arguments, in Kaldi's order.
    """

    run: str
    summary: str
    example: str
    arguments: tuple[Argument, ...]


class ToolParser(CommandParser):
    """Reads Kaldi's boolean options, ``--name`` and ``--name=value``; a value never follows after a space."""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> tuple[Any, list[str]]:
        """Parse, with ``--name`` read as ``--name=true`` for boolean options."""
        flags = {name for action in self._actions if action.type is boolean for name in action.option_strings}
        words = [f"{word}=true" if word in flags else word for word in args or ()]
        return super().parse_known_args(words, namespace)


def boolean(text: str) -> bool:
    """Return Kaldi's ``true`` or ``false`` as a bool."""
    if text not in ("true", "false", "t", "f", "1", "0"):
        raise argparse.ArgumentTypeError(f"expected true or false, found {text!r}")
    return text in ("true", "t", "1")


def argument(name: str, help_text: str, **options: Any) -> Argument:
    """Return a positional argument."""
    return Argument(name, {"metavar": name.upper().replace("_", "-"), "help": help_text, **options})


def option(name: str, help_text: str, **options: Any) -> Argument:
    """Return an option with a value, ``--name=value``."""
    return Argument(f"--{name}", {"help": help_text, **options})


def flag(name: str, help_text: str, *, default: bool = False) -> Argument:
    """Return a boolean option: ``--name``, ``--name=true`` or ``--name=false``."""
    options = {"type": boolean, "default": default, "metavar": "true|false"}
    return Argument(f"--{name}", {"help": f"{help_text} (default: {str(default).lower()})", **options})


BINARY: Final = flag("binary", "write single files in binary form", default=True)
"""For tools that write a file; the wspecifier of a table says its form."""
ALLOW_PIPES: Final = flag("allow-pipes", "run the commands that are given in place of files, without a shell")
