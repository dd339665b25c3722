"""A GLM that also knows the lexicon's acronyms: the word ``u._c._l._a.`` counts as the references' ``u c l a``."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from blasr.io.atomic import atomic_open
from blasr.io.nist.glm import DEFAULT_MAX_RULES, read_glm
from blasr.io.symbols import SymbolTable
from recipes.common.command import run_command
from recipes.swbd.words import acronym_letters

_MAX_RULES = re.compile(r"\*.*MAX_NRULES", re.IGNORECASE)


def with_acronyms(lines: list[str], rules: list[str]) -> list[str]:
    """The GLM's lines with ``rules`` before its first rule or condition, and room for them."""
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
    room = max([DEFAULT_MAX_RULES, *declared]) + len(rules)
    head = [line for line in lines[:position] if not _MAX_RULES.match(line)]
    rest = [line for line in lines[position:] if not _MAX_RULES.match(line)]
    return [*head, f"* MAX_NRULES = '{room}'", *rules, *rest]


def run(args: argparse.Namespace) -> None:
    """Write ``args.out``.

    Raises:
        FormatError: with file and line, where the GLM or words.txt is broken.
    """
    read_glm(args.glm, "stm", "ref")
    pairs = [(word, letters) for word in SymbolTable.read(args.words) if (letters := acronym_letters(word)) is not None]
    rules = [f"[{word.upper()}] => [{letters.upper()}] / [ ] __ [ ]" for word, letters in pairs]
    with atomic_open(args.out, "w") as stream:
        lines = args.glm.read_text(encoding="utf-8").splitlines()
        stream.writelines(f"{line}\n" for line in with_acronyms(lines, rules))
    print(f"{args.out}: {args.glm} and {len(rules)} acronyms of {args.words}")


def main() -> None:
    parser = argparse.ArgumentParser(prog="recipes.swbd.glm", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("glm", type=Path)
    parser.add_argument("words", type=Path, help="words.txt")
    parser.add_argument("out", type=Path, metavar="OUT")
    run_command(parser, run)


if __name__ == "__main__":
    main()
