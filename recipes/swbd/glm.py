"""Add the lexicon's acronyms to a GLM, so that the word ``u._c._l._a.`` matches ``u c l a`` in the references."""

from __future__ import annotations

import re
from pathlib import Path

from blasr.cli.options import add_option
from blasr.io.atomic import atomic_open
from blasr.io.nist.glm import DEFAULT_MAX_RULES, read_glm
from blasr.io.symbols import SymbolTable
from recipes.common.command import run_step, step_parser
from recipes.swbd.words import acronym_letters

_MAX_RULES = re.compile(r"\*.*MAX_NRULES", re.IGNORECASE)


def with_acronyms(lines: list[str], rules: list[str]) -> list[str]:
    """Return the GLM's lines with ``rules`` before its first rule or condition, and a larger limit of rules."""
    mark = lines[0].split()[0]
    position = next(
        (
            number
            for number, line in enumerate(lines)
            if "INPUT_DEPENDENT_APPLICATION" in line or ("=>" in line and not line.startswith((mark, "*")))
        ),
        len(lines),
    )
    declared = [int(match[1]) for line in lines if _MAX_RULES.match(line) and (match := re.search(r"(\d+)", line))]
    max_rules = max([DEFAULT_MAX_RULES, *declared]) + len(rules)
    head = [line for line in lines[:position] if not _MAX_RULES.match(line)]
    rest = [line for line in lines[position:] if not _MAX_RULES.match(line)]
    return [*head, f"* MAX_NRULES = '{max_rules}'", *rules, *rest]


def add_acronyms(glm: Path, words: Path, out: Path) -> None:
    """Write the GLM ``glm`` to ``out``, with a rule for every acronym in ``words``, a words.txt.

    Raises:
        FormatError: the GLM or words.txt is broken; the error has the line's number.
    """
    read_glm(glm, "stm", "ref")
    pairs = [(word, letters) for word in SymbolTable.read(words) if (letters := acronym_letters(word)) is not None]
    rules = [f"[{word.upper()}] => [{letters.upper()}] / [ ] __ [ ]" for word, letters in pairs]
    with atomic_open(out, "w") as stream:
        lines = glm.read_text(encoding="utf-8").splitlines()
        stream.writelines(f"{line}\n" for line in with_acronyms(lines, rules))
    print(f"{out}: {glm} and {len(rules)} acronyms of {words}")


def main() -> None:
    parser = step_parser("recipes.swbd.glm", __doc__)
    add_option(parser, "--glm", required=True)
    add_option(parser, "--words", required=True)
    add_option(parser, "--out", required=True, note="the GLM with the acronyms")
    run_step(parser, add_acronyms)


if __name__ == "__main__":
    main()
