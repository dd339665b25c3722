"""GLM files, NIST's rules that unify spellings before scoring: ``[source] => [replacement] / [left] __ [right]``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from blasr.errors import FormatError
from blasr.io.text_lines import read_lines

_APPLICATION: Final = re.compile(r';;\s+INPUT_DEPENDENT_APPLICATION\s*=\s*"([^"]*)"')
_SETTING: Final = re.compile(r"""["']([^"']*)["']""")
_CONTEXT: Final = re.compile(r"""((?:[^_]*[\s\]"])?)_+(?!\S)(.*)""")
_QUOTED: Final = re.compile(r'"[^"]*"')
_EXAMPLE: Final = "[UH] => [%HESITATION] / [ ] __ [ ]"
DEFAULT_MAX_RULES: Final = 400
"""How many rules ``rfilter1`` reads if the file does not set MAX_NRULES."""


@dataclass(frozen=True, slots=True)
class GlmRule:
    """Replace ``source`` by ``replacement`` between ``left`` and ``right``; all four include their blanks.

    Attributes:
        source: the text to replace.
        replacement: the new text.
        left: what must precede the source.
        right: what must follow it.
        line: the line in the file, from 1.
    """

    source: str
    replacement: str
    left: str = ""
    right: str = ""
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Glm:
    """The rules and settings of a GLM file.

    Attributes:
        rules: in the order of the file; the first rule that matches is applied.
        case_sensitive: whether rules distinguish upper and lower case.
        copy_unmatched: whether text that no rule matches is kept.
    """

    rules: tuple[GlmRule, ...]
    case_sensitive: bool = True
    copy_unmatched: bool = True


def read_glm(path: Path, kind: str, purpose: str) -> Glm:
    """Read the rules that apply to one kind of text, like ``csrfilt.sh -i KIND -t PURPOSE`` and its ``rfilter1``.

    Args:
        path: the GLM file.
        kind: ``"stm"`` or ``"ctm"``.
        purpose: ``"ref"`` or ``"hyp"``. Rules after an ``INPUT_DEPENDENT_APPLICATION`` line apply if its pattern
            matches the kind or the purpose.

    Raises:
        FormatError: a line is not a rule, or ``rfilter1`` would misread it.
    """
    lines = [line for _, line in read_lines(path, fix="give the path of a GLM file")]
    if not lines or not lines[0].split():
        message = "the first line is empty, expected a comment, because it defines the comment mark"
        raise FormatError(message, path=path, line=1, fix="begin the file with ;;")
    mark = lines[0].split()[0] if not lines[0][0].isspace() else ""
    if not mark or "=>" in lines[0] or mark == "*":
        message = "the first line is a rule or a setting, but rfilter1 uses its first word as the comment mark"
        raise FormatError(message, path=path, line=1, fix="begin the file with ;;")
    settings: dict[str, str] = {}
    rules: list[GlmRule] = []
    for number, line in _applying(path, lines, kind, purpose):
        if line.startswith("*"):
            settings |= _setting(path, number, line)
        else:
            rules.append(_rule(path, number, line.split(mark)[0].rstrip() if mark in line else line))
    if settings.get("FORMAT", "NIST1") != "NIST1":
        raise FormatError(f"the format is {settings['FORMAT']!r}, expected NIST1", path=path)
    largest = settings.get("MAX_NRULES", str(DEFAULT_MAX_RULES))
    if not largest.isdigit() or len(rules) > int(largest):
        message = f"has {len(rules)} rules where MAX_NRULES is {largest}, and rfilter1 reads no more than that"
        raise FormatError(message, path=path, fix=f"write: * MAX_NRULES = '{len(rules)}'")
    return Glm(tuple(rules), _true(settings.get("CASE_SENSITIVE", "T")), _true(settings.get("COPY_NO_HIT", "T")))


def _applying(path: Path, lines: list[str], kind: str, purpose: str) -> Iterator[tuple[int, str]]:
    """Yield the number and content of each line that applies to this kind of text and is not a comment."""
    mark = lines[0].split()[0]
    applies = True
    for number, line in enumerate(lines, start=1):
        condition = _APPLICATION.match(line)
        if condition:
            try:
                pattern = re.compile(condition[1].lower())
            except re.error as error:
                raise FormatError(
                    f"the pattern {condition[1]!r} is not valid: {error}", path=path, line=number
                ) from None
            applies = bool(pattern.search(kind) or pattern.search(purpose))
        if applies and number > 1 and line.strip() and not line.startswith(mark):
            yield number, line.rstrip()


def _setting(path: Path, number: int, line: str) -> dict[str, str]:
    value = _SETTING.search(line)
    if value is None:
        message = "a line with * has no value in quotes"
        raise FormatError(message, path=path, line=number, fix="write for example: * CASE_SENSITIVE = 'F'")
    names = ("FORMAT", "MAX_NRULES", "COPY_NO_HIT", "CASE_SENSITIVE")
    return {name: value[1] for name in names if name in line[: value.start()].upper()}


def _rule(path: Path, number: int, line: str) -> GlmRule:
    """Parse a line as ``grules2.c`` of ``rfilter1`` does; refuse lines that it would misread."""

    def invalid(message: str) -> FormatError:
        return FormatError(f"{message}: {line.strip()}", path=path, line=number, fix=f"write for example: {_EXAMPLE}")

    source, arrow, rest = line.partition("=>")
    if not arrow:
        raise invalid("the rule has no =>" if source.strip() else "a comment must begin a line or follow a rule")
    if not _content(source):
        raise invalid("the rule has nothing before =>")
    if rest and not rest[0].isspace():
        raise invalid("there is no blank after =>")
    if problem := _unpaired(line):
        raise invalid(problem)
    slash = line.rfind("/")
    if slash < 0 or _enclosed(line, slash):
        return GlmRule(_content(source), _content(rest), line=number)
    replacement, _, context = rest.rpartition("/")
    slot = _CONTEXT.fullmatch(context)
    if slot is None or "/" not in rest:
        raise invalid("the last / is not followed by a context such as [ ] __ [ ]")
    return GlmRule(_content(source), _content(replacement), _content(slot[1]), _content(slot[2]), number)


def _unpaired(line: str) -> str | None:
    """What is wrong with the brackets of a rule; None if nothing is."""
    is_open = False
    for character in _QUOTED.sub("", line):
        if character == "[" and is_open:
            return "there is a [ inside [ ]"
        if character == "]" and not is_open:
            return "there is a ] without its ["
        is_open = (is_open or character == "[") and character != "]"
    return "there is a [ without its ]" if is_open else None


def _enclosed(line: str, slash: int) -> bool:
    """Whether the last slash is inside brackets that are followed by others; otherwise it begins a context."""
    return line.find("]", slash) < line.find("[", slash)


def _content(text: str) -> str:
    """Remove the brackets or quotes around ``text`` and keep the blanks inside; without them, strip the text."""
    text = text.strip()
    enclosed = len(text) > 1 and (text[0], text[-1]) in {("[", "]"), ('"', '"')}
    return text[1:-1] if enclosed else text


def _true(value: str) -> bool:
    return value.upper() in {"T", "YES", "TRUE"}
