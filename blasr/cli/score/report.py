"""What the ways of ``blasr score`` share: tables, JSON, and the settings that --freeze writes and --setting reads."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from blasr.errors import ConfigError
from blasr.io.atomic import atomic_open
from blasr.lattices.config import PathWeights
from blasr.scoring.edit_distance import ErrorCounts

COUNTS = ("WER", "ins", "del", "sub", "words")


def count_row(names: list[str], counts: ErrorCounts) -> list[str]:
    """The row of a table: names, then what ``COUNTS`` says."""
    numbers = (counts.insertions, counts.deletions, counts.substitutions, counts.reference_words)
    return [*names, f"{counts.wer:.2f}", *map(str, numbers)]


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """The first column aligned to the left, the others to the right."""
    first, *widths = (max(map(len, column)) for column in zip(header, *rows, strict=True))
    lines = []
    for name, *cells in (header, *rows):
        aligned = (cell.rjust(width) for cell, width in zip(cells, widths, strict=True))
        lines.append("  ".join([name.ljust(first), *aligned]).rstrip())
    return "\n".join(lines)


def count_report(counts: ErrorCounts) -> dict[str, Any]:
    """The counts of JSON."""
    return {
        "wer": round(counts.wer, 4) if counts.reference_words else None,
        "words": counts.reference_words,
        "insertions": counts.insertions,
        "deletions": counts.deletions,
        "substitutions": counts.substitutions,
    }


def setting_report(setting: PathWeights) -> dict[str, Any]:
    """A setting in JSON, as --freeze writes it."""
    return {"lm_weight": setting.lm_weight, "word_insertion_penalty": setting.word_insertion_penalty}


def lm_weights(text: str) -> list[float]:
    """LM weights of ``7-20`` (whole numbers) or ``7,10,12.5``."""
    first, dash, last = text.partition("-")
    if dash and first.isdigit() and last.isdigit() and 0 < int(first) <= int(last):
        return [float(weight) for weight in range(int(first), int(last) + 1)]
    weights = numbers_of(text, "--lm-weights")
    if min(weights) <= 0:
        raise ConfigError(f"--lm-weights {text}: found {min(weights):g}, expected numbers above 0")
    return weights


def numbers_of(text: str, option: str) -> list[float]:
    """Numbers with commas between them, each once; :class:`ConfigError` names the option."""
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = [math.nan]
    if not all(map(math.isfinite, numbers)):
        raise ConfigError(f"{option} {text}: expected numbers with commas between them")
    return list(dict.fromkeys(numbers))


def write_json(path: Path, values: Mapping[str, Any]) -> None:
    """Write JSON, indented; what is not a number becomes null."""
    with atomic_open(path, "w") as file:
        file.write(json.dumps(values, indent=2) + "\n")
