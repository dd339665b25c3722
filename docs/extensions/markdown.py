"""Pieces of Markdown (MyST) that the generated pages consist of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

_SPECIAL: Final = re.compile(r"([\\*_\[\]<>{}$|#~^])")
_CODE: Final = re.compile(r"(``?)(?P<code>[^`]+)\1")
_ROLE: Final = re.compile(r":(?:class|func|meth|data|attr|mod):`[~!]?(?P<name>[^`]+)`")
PROGRAMS: Final = ("blasr", "torchrun", "curl", "python", "ffmpeg", "arecord")


def escape(text: str) -> str:
    """Return plain text as Markdown; what is between backticks, and roles of reStructuredText, become code."""
    parts: list[str] = []
    position = 0
    text = _ROLE.sub(lambda match: f"``{match['name']}``", text)
    for match in _CODE.finditer(text):
        code = match["code"].replace("|", "\\|")
        parts += [_SPECIAL.sub(r"\\\1", text[position : match.start()]), f"`{code}`"]
        position = match.end()
    return "".join([*parts, _SPECIAL.sub(r"\\\1", text[position:])])


def code(text: str) -> str:
    """Return text as code that may also be in a table."""
    return f"`{text}`".replace("|", "\\|") if text else ""


def block(language: str, text: str) -> str:
    """Return a block of code."""
    return f"```{language}\n{text}\n```\n"


def directive(name: str, argument: str, body: str = "", fence: str = "````") -> str:
    """Return a directive; it may contain others whose fence is shorter."""
    return f"{fence}{{{name}}} {argument}\n{body}{fence}\n"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; cells are Markdown without line breaks."""
    lines = [header, ["---"] * len(header), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def prose(text: str) -> str:
    """Return the description or epilog of a parser: paragraphs, and blocks of the lines that are indented."""
    parts: list[str] = []
    for indented, lines in _runs(text.splitlines()):
        if not indented:
            text = escape("\n".join(lines))
            parts.append(f"{text[0].upper()}{text[1:]}\n" if text.startswith("example") else f"{text}\n")
            continue
        margin = min(len(line) - len(line.lstrip()) for line in lines if line.strip())
        body = "\n".join(line[margin:] for line in lines).rstrip()
        parts.append(block("bash" if body.startswith(PROGRAMS) else "text", body))
    return "\n".join(parts)


def _runs(lines: Iterable[str]) -> list[tuple[bool, list[str]]]:
    """Group lines into paragraphs and indented runs; blank lines separate paragraphs."""
    runs: list[tuple[bool, list[str]]] = []
    for line in [*lines, ""]:
        indented = line.startswith("  ")
        if not line.strip():
            if runs and runs[-1][0]:
                runs[-1][1].append("")
            else:
                runs.append((False, []))
        elif runs and runs[-1][0] == indented:
            runs[-1][1].append(line)
        else:
            runs.append((indented, [line]))
    return [(indented, found) for indented, found in runs if any(line.strip() for line in found)]
