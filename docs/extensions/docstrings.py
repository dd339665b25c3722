"""The parts of a docstring in Google's style: its beginning, and the descriptions of arguments or attributes."""

from __future__ import annotations

import inspect
import re
from typing import Final

_SECTION: Final = re.compile(r"^(Args|Attributes|Returns|Yields|Raises):$")
_ENTRY: Final = re.compile(r"^    (?P<names>\w+(?:, \w+)*): (?P<text>.*)$")


def beginning(documented: object) -> str:
    """Return what precedes the first section of a docstring; nothing if there is no docstring of its own."""
    lines: list[str] = []
    for line in _lines(documented):
        if _SECTION.match(line):
            break
        lines.append(line)
    return "\n".join(lines).strip()


def first_sentence(documented: object) -> str:
    """Return the first sentence of a docstring, or its first paragraph if no line ends a sentence."""
    paragraph = " ".join(beginning(documented).partition("\n\n")[0].split())
    return re.split(r"(?<=[.])\s", paragraph)[0]


def descriptions(documented: object) -> dict[str, str]:
    """Return the descriptions of arguments and attributes by their names, each in one line.

    A class also has those of its base classes that it does not replace.
    """
    found: dict[str, str] = {}
    bases = documented.__mro__[1:] if isinstance(documented, type) else ()
    for base in reversed(bases):
        found |= _own_descriptions(base)
    return found | _own_descriptions(documented)


def _own_descriptions(documented: object) -> dict[str, str]:
    found: dict[str, str] = {}
    names: list[str] = []
    section = ""
    for line in _lines(documented):
        if match := _SECTION.match(line):
            section, names = match[1], []
        elif section not in ("Args", "Attributes"):
            continue
        elif match := _ENTRY.match(line):
            names = match["names"].split(", ")
            found |= dict.fromkeys(names, match["text"])
        elif line.startswith("     "):
            for name in names:
                found[name] += f" {line.strip()}"
    return found


def _lines(documented: object) -> list[str]:
    own = vars(documented).get("__doc__") if isinstance(documented, type) else getattr(documented, "__doc__", None)
    return inspect.cleandoc(own or "").splitlines()
