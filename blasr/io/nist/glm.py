"""GLM files, NIST's rules that make spellings comparable: ``[source] => [replacement] / [left] __ [right]``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from blasr.errors import FormatError
from blasr.io.text_lines import read_lines

APPLICATION = re.compile(r';;\s+INPUT_DEPENDENT_APPLICATION\s*=\s*"([^"]*)"')
SETTING = re.compile(r"""["']([^"']*)["']""")
CONTEXT = re.compile(r"""((?:[^_]*[\s\]"])?)_+(?!\S)(.*)""")
EXAMPLE = "[UH] => [%HESITATION] / [ ] __ [ ]"
DEFAULT_MAX_RULES = 400


@dataclass(frozen=True, slots=True)
class GlmRule:
    """``source`` becomes ``replacement`` where ``left`` stands before and ``right`` after it, blanks included."""

    source: str
    replacement: str
    left: str = ""
    right: str = ""
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Glm:
    """The rules in the file's order, of which the first that fits wins, and what its ``*`` lines set."""

    rules: tuple[GlmRule, ...]
    case_sensitive: bool = True
    copy_unmatched: bool = True


def read_glm(path: Path, kind: str, purpose: str) -> Glm:
    """Read the rules for one sort of text, as ``csrfilt.sh -i KIND -t PURPOSE`` and its ``rfilter1`` do.

    Args:
        path: the GLM file.
        kind: ``"stm"`` or ``"ctm"``.
        purpose: ``"ref"`` or ``"hyp"``; rules below an ``INPUT_DEPENDENT_APPLICATION`` line count where its pattern
            fits the kind or the purpose.

    Raises:
        FormatError: with file and line, where a line is no rule, or is one that ``rfilter1`` would misread.
    """
    lines = [line for _, line in read_lines(path, fix="give the path of a GLM file")]
    if not lines or not lines[0].split():
        message = "the first line is empty, expected a comment, which sets the comment mark"
        raise FormatError(message, path=path, line=1, fix="begin the file with ;;")
    mark = lines[0].split()[0] if not lines[0][0].isspace() else ""
    if not mark or "=>" in lines[0] or mark == "*":
        message = "the first line is a rule or a setting, and rfilter1 takes its first word for the comment mark"
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
        message = f"has {len(rules)} rules where MAX_NRULES is {largest}, and rfilter1 stops there"
        raise FormatError(message, path=path, fix=f"write: * MAX_NRULES = '{len(rules)}'")
    return Glm(tuple(rules), _true(settings.get("CASE_SENSITIVE", "T")), _true(settings.get("COPY_NO_HIT", "T")))


def _applying(path: Path, lines: list[str], kind: str, purpose: str) -> Iterator[tuple[int, str]]:
    """Number and content of the lines that are no comments and apply to this sort of text."""
    mark = lines[0].split()[0]
    applies = True
    for number, line in enumerate(lines, start=1):
        condition = APPLICATION.match(line)
        if condition:
            try:
                pattern = re.compile(condition[1].lower())
            except re.error as error:
                raise FormatError(f"the pattern {condition[1]!r} is broken: {error}", path=path, line=number) from None
            applies = bool(pattern.search(kind) or pattern.search(purpose))
        if applies and number > 1 and line.strip() and not line.startswith(mark):
            yield number, line.rstrip()


def _setting(path: Path, number: int, line: str) -> dict[str, str]:
    value = SETTING.search(line)
    if value is None:
        message = "a line with * has no value in quotes"
        raise FormatError(message, path=path, line=number, fix="write for example: * CASE_SENSITIVE = 'F'")
    names = ("FORMAT", "MAX_NRULES", "COPY_NO_HIT", "CASE_SENSITIVE")
    return {name: value[1] for name in names if name in line[: value.start()].upper()}


def _rule(path: Path, number: int, line: str) -> GlmRule:
    """The rule in a line, split where ``grules2.c`` of ``rfilter1`` splits it; refused where that would go wrong."""

    def broken(message: str) -> FormatError:
        return FormatError(f"{message}: {line.strip()}", path=path, line=number, fix=f"write for example: {EXAMPLE}")

    source, arrow, rest = line.partition("=>")
    if not arrow:
        raise broken("the rule has no =>" if source.strip() else "a comment stands neither first nor after a rule")
    if not _content(source):
        raise broken("the rule has nothing before =>")
    if rest and not rest[0].isspace():
        raise broken("there is no blank after =>")
    slash = line.rfind("/")
    if slash < 0 or _enclosed(line, slash):
        return GlmRule(_content(source), _content(rest), line=number)
    replacement, _, context = rest.rpartition("/")
    slot = CONTEXT.fullmatch(context)
    if slot is None or "/" not in rest:
        raise broken("the last / is not followed by a context such as [ ] __ [ ]")
    return GlmRule(_content(source), _content(replacement), _content(slot[1]), _content(slot[2]), number)


def _enclosed(line: str, slash: int) -> bool:
    """Whether the last slash stands in brackets that others follow; else it begins a context."""
    return line.find("]", slash) < line.find("[", slash)


def _content(text: str) -> str:
    """What stands between the brackets or quotes around ``text``, blanks included; without them the text itself."""
    text = text.strip()
    enclosed = len(text) > 1 and (text[0], text[-1]) in {("[", "]"), ('"', '"')}
    return text[1:-1] if enclosed else text


def _true(value: str) -> bool:
    return value.upper() in {"T", "YES", "TRUE"}
