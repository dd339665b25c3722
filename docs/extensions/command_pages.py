"""The reference of the command line: one page for each subcommand of ``blasr``, from its parser."""

from __future__ import annotations

import argparse
import os
import textwrap
from collections.abc import Iterator, Sequence
from unittest import mock

from blasr.cli.main import SUBCOMMANDS, build_parser
from docs.extensions.markdown import block, code, directive, escape, prose, table

FOLDER = "reference/cli"


def command_pages() -> dict[str, str]:
    """Return the text of every page by its path below ``docs``."""
    with mock.patch.dict(os.environ, {"COLUMNS": "100", "NO_COLOR": "1"}):
        pages = {f"{FOLDER}/{name}.md": _page(name) for name in SUBCOMMANDS}
    rows = [(f"[`blasr {name}`]({name}.md)", escape(summary)) for name, summary in SUBCOMMANDS.items()]
    pages[f"{FOLDER}/index.md"] = "\n".join(
        (
            "# Command line\n",
            "Every stage is a subcommand of `blasr`. These pages come from the parsers, and so does",
            "`blasr SUBCOMMAND --help`.\n",
            table(("subcommand", "from -> to"), rows),
            directive("toctree", "", ":hidden:\n\n" + "".join(f"{name}\n" for name in SUBCOMMANDS)),
        )
    )
    return pages


def parser_of(name: str) -> argparse.ArgumentParser:
    """Return the parser of one subcommand."""
    for action in build_parser(name)._actions:
        if isinstance(action, argparse._SubParsersAction):
            parser: argparse.ArgumentParser = action.choices[name]
            return parser
    raise KeyError(name)


def _page(name: str) -> str:
    parser = parser_of(name)
    parts = [f"# blasr {name}\n", *_parser_text(parser)]
    for child, summary in _children(parser):
        parts += [f"## {child.prog}\n", *_parser_text(child, summary)]
    return "\n".join(parts)


def _children(parser: argparse.ArgumentParser) -> Iterator[tuple[argparse.ArgumentParser, str]]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            summaries = {choice.dest: choice.help or "" for choice in action._choices_actions}
            for name, child in action.choices.items():
                yield child, summaries.get(name, "")


def _parser_text(parser: argparse.ArgumentParser, summary: str = "") -> Iterator[str]:
    yield prose(parser.description or summary)
    yield block("text", textwrap.dedent(f"{'':7}{parser.format_usage().removeprefix('usage: ')}").rstrip())
    yield from _groups(parser)
    yield prose(parser.epilog or "")


def _groups(parser: argparse.ArgumentParser) -> Iterator[str]:
    yield directive("program", parser.prog, fence="```")
    for group in parser._action_groups:
        actions = [
            action
            for action in group._group_actions
            if not isinstance(action, argparse._HelpAction | argparse._SubParsersAction)
        ]
        if actions and group.title not in ("positional arguments", "options"):
            yield f"**{escape(str(group.title))}.** {escape(group.description or '')}\n"
        for action in actions:
            yield _option(parser, action)


def _option(parser: argparse.ArgumentParser, action: argparse.Action) -> str:
    formatter = parser._get_formatter()
    values = formatter._format_args(action, formatter._get_default_metavar_for_optional(action))
    if not action.option_strings:
        names = formatter._format_args(action, formatter._get_default_metavar_for_positional(action))
    elif action.nargs == 0:
        names = ", ".join(action.option_strings)
    else:
        names = ", ".join(f"{option} {values}" for option in action.option_strings)
    lines = [escape(formatter._expand_help(action)) if action.help else ""]
    if action.choices is not None and not isinstance(action, argparse._SubParsersAction):
        lines.append(f"One of {', '.join(code(str(choice)) for choice in action.choices)}.")
    if action.required and action.option_strings:
        lines.append("Required.")
    lines += [
        _exclusion(group, action) for group in parser._mutually_exclusive_groups if action in group._group_actions
    ]
    return directive("option", names, "".join(f"{line}\n\n" for line in lines if line))


def _exclusion(group: argparse._MutuallyExclusiveGroup, action: argparse.Action) -> str:
    others = [_name(other) for other in group._group_actions if other is not action]
    if not group.required:
        return f"Not together with {_list(others)}."
    return f"Exactly one of this and {_list(others)} is required."


def _name(action: argparse.Action) -> str:
    return code(action.option_strings[-1] if action.option_strings else str(action.metavar or action.dest))


def _list(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
