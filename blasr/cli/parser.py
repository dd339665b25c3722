"""The parser of every subcommand: one short message for a mistake, with the nearest option, command or choice."""

from __future__ import annotations

import argparse
import itertools
import re
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NoReturn

_NUMBERS: Final = re.compile(r"^-\.?\d[-\d.,eE+]*$")
_SHORT: Final = 2
"""The length of words with so few letters that many others are similar."""
_SIMILARITY: Final = 0.7
"""The lowest similarity (difflib's ratio) of a suggestion."""


class HelpFormatter(argparse.RawDescriptionHelpFormatter):
    """Shows every default once, and wraps descriptions at the width of the terminal except for their indented lines."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        lines: list[str] = []
        for is_paragraph, group in itertools.groupby(text.splitlines(), _is_prose):
            block = list(group)
            lines += textwrap.wrap(" ".join(block), width) if is_paragraph else block
        return "\n".join(f"{indent}{line}" for line in lines)

    def _get_help_string(self, action: argparse.Action) -> str | None:
        text = action.help
        if text is None or "default" in text or action.default in (None, argparse.SUPPRESS, [], (), ""):
            return text
        if not action.option_strings and action.nargs not in ("?", "*"):
            return text
        if isinstance(action, argparse.BooleanOptionalAction):
            return f"{text} (default: {'yes' if action.default else 'no'})"
        return text if action.nargs == 0 else f"{text} (default: %(default)s)"


def _is_prose(line: str) -> bool:
    return bool(line) and not line.startswith(" ")


class CommandParser(argparse.ArgumentParser):
    """An argument parser that suggests the nearest valid word and accepts no abbreviated options.

    Attributes:
        commands_are_optional: whether the parser works without one of its commands, too.
    """

    commands_are_optional = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("formatter_class", HelpFormatter)
        kwargs.setdefault("allow_abbrev", False)
        super().__init__(*args, **kwargs)
        self._negative_number_matcher = _NUMBERS  # lists such as -1,0,1 are values, not options

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> tuple[Any, list[str]]:
        """Parse; refuse unknown options before missing ones, and any argument left over."""
        if self.commands_are_optional and args and args[0] in self._commands():
            return self._parse_command(args[0], args[1:])
        self._refuse_unknown_options(args or ())
        found, left = super().parse_known_args(args, namespace)
        if left:
            if left[0].startswith("-") and left[0] != "-":
                self.error(f"unrecognized option {left[0]}{nearest(left[0], self._option_string_actions)}")
            lacks_output = "--out" in self._option_string_actions and getattr(found, "out", None) is None
            hint = "; name the output with --out" if lacks_output else ""
            self.error(f"unexpected argument {left[0]!r}{hint}")
        return found, left

    def _parse_command(self, name: str, args: Sequence[str]) -> tuple[Any, list[str]]:
        """Parse with a command's own parser, so that the options that are required without it are not."""
        found, left = self._commands()[name].parse_known_args(args)
        for key, value in {**self._defaults, "command": name}.items():
            if not hasattr(found, key):
                setattr(found, key, value)
        return found, left

    def error(self, message: str) -> NoReturn:
        """Print one message and exit with 2."""
        self.exit(2, f"{self.prog}: error: {message}\n  fix: see {self.prog} --help\n")

    def _refuse_unknown_options(self, words: Sequence[str]) -> None:
        commands = {} if self.commands_are_optional else self._commands()
        for word in words:
            if word == "--" or (commands and not word.startswith("-")):
                return  # the subcommand's own parser reads what follows it
            name = word.split("=", 1)[0]
            if not word.startswith("--") or " " in word or name in self._option_string_actions:
                continue
            if commands:
                self.error(f"unrecognized option {name}; expected one of {', '.join(commands)} first")
            self.error(f"unrecognized option {name}{nearest(name, self._option_string_actions)}")

    def _commands(self) -> dict[str, argparse.ArgumentParser]:
        """Return the parsers of the commands by name."""
        found = (action.choices for action in self._actions if isinstance(action, argparse._SubParsersAction))
        return dict(next(found, {}))

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """Refuse a value that is not among the choices."""
        if action.choices is None or value in action.choices:
            return
        choices = [str(choice) for choice in action.choices]
        what = action.option_strings[-1] if action.option_strings else str(action.metavar or action.dest)
        message = f"{what}: unknown value {str(value)!r}{nearest(str(value), choices)}"
        raise argparse.ArgumentError(None, f"{message} (choose from {', '.join(choices)})")


def nearest(word: str, choices: Iterable[str]) -> str:
    """Return ``; did you mean X?`` with the choice most similar to ``word``, or nothing if none is really near.

    Dashes at the beginning do not count as similar letters. A word that is a whole part of one option, such as
    ``--penalty``, suggests that option; so does one with the same letters in another order. One or two letters
    suggest only the same letters with other dashes: ``--n`` for ``-n``.
    """
    import difflib

    letters = word.lstrip("-")
    by_letters = {choice.lstrip("-"): choice for choice in choices}
    if len(letters) <= _SHORT:
        found = [by_letters[letters]] if letters in by_letters else []
    else:
        longer = [choice for choice in by_letters if len(choice) > _SHORT]
        found = [by_letters[choice] for choice in difflib.get_close_matches(letters, longer, n=1, cutoff=_SIMILARITY)]
        if not found:
            found = [
                by_letters[choice]
                for choice in longer
                if letters in choice.split("-") or sorted(letters) == sorted(choice)
            ]
    return f"; did you mean {found[0]}?" if len(found) == 1 else ""


@dataclass(frozen=True)
class Command:
    """A command inside a subcommand, such as ``check`` of ``blasr data check``.

    Attributes:
        summary: one line of help.
        examples: whole command lines.
        configure: adds its arguments.
        run: unpacks the arguments and does the work.
    """

    summary: str
    examples: tuple[str, ...]
    configure: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], None]


def add_commands(
    parser: argparse.ArgumentParser,
    commands: Mapping[str, Command],
    *,
    metavar: str = "COMMAND",
    required: bool = True,
) -> None:
    """Add the commands of a subcommand; :func:`run_command` runs the chosen one.

    Without ``required``, the subcommand has options of its own, which a command line without a command uses.
    """
    subparsers = parser.add_subparsers(dest="command", metavar=metavar, required=required)
    if isinstance(parser, CommandParser):
        parser.commands_are_optional = not required
    for name, command in commands.items():
        child = subparsers.add_parser(
            name,
            help=command.summary,
            description=sentence(command.summary),
            epilog=examples(*command.examples),
        )
        command.configure(child)
        child.set_defaults(run_command=command.run)


def run_command(args: argparse.Namespace) -> None:
    """Run the command that was chosen on the command line."""
    args.run_command(args)


def sentence(summary: str) -> str:
    """Return a summary as a sentence."""
    end = "" if summary.endswith(".") else "."
    return f"{summary[0].upper()}{summary[1:]}{end}"


def examples(*lines: str) -> str:
    """Return the epilog of a help text that shows these command lines."""
    return "\n".join([f"example{'s' if len(lines) > 1 else ''}:", *(f"  {line}" for line in lines)])
