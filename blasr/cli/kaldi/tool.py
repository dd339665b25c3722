"""What the tools of ``blasr kaldi`` are made of."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from blasr.cli.parser import CommandParser


@dataclass(frozen=True)
class Argument:
    """An argument or an option of a tool, as ``add_argument`` takes it."""

    name: str
    options: dict[str, Any]

    def add_to(self, parser: argparse.ArgumentParser) -> None:
        """Add it to a parser."""
        parser.add_argument(self.name, **self.options)


@dataclass(frozen=True)
class Tool:
    """One of Kaldi's tools.

    Attributes:
        summary: what it does.
        example: the arguments of a real call.
        arguments: its arguments, in Kaldi's order.
        run: does it.
    """

    summary: str
    example: str
    arguments: tuple[Argument, ...]
    run: Callable[[argparse.Namespace], None]


class ToolParser(CommandParser):
    """Reads Kaldi's boolean options, ``--name`` and ``--name=value``: their value never stands apart."""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> tuple[Any, list[str]]:
        """Give a bare boolean option its value."""
        flags = {name for action in self._actions if action.type is boolean for name in action.option_strings}
        words = [f"{word}=true" if word in flags else word for word in args or ()]
        return super().parse_known_args(words, namespace)


def boolean(text: str) -> bool:
    """Kaldi's ``true`` and ``false``."""
    if text not in ("true", "false", "t", "f", "1", "0"):
        raise argparse.ArgumentTypeError(f"expected true or false, found {text!r}")
    return text in ("true", "t", "1")


def argument(name: str, help_text: str, **options: Any) -> Argument:
    """A positional argument."""
    return Argument(name, {"metavar": name.upper().replace("_", "-"), "help": help_text, **options})


def option(name: str, help_text: str, **options: Any) -> Argument:
    """An option with a value, ``--name=value``."""
    return Argument(f"--{name}", {"help": help_text, **options})


def flag(name: str, help_text: str, *, default: bool = False) -> Argument:
    """A boolean option: ``--name``, ``--name=true`` or ``--name=false``."""
    options = {"type": boolean, "default": default, "metavar": "true|false"}
    return Argument(f"--{name}", {"help": f"{help_text} (default: {str(default).lower()})", **options})


BINARY = flag("binary", "write single files in binary form", default=True)
"""For tools that write a file; tables are told by their wspecifier."""
