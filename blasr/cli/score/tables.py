"""The rows of tables and the JSON of ``blasr score`` and ``blasr explain``."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from blasr.lattices import PathWeights
    from blasr.scoring import ErrorCounts

COUNTS = ("WER", "ins", "del", "sub", "words")


def count_row(names: Sequence[str], counts: ErrorCounts) -> list[str]:
    """Return the row of a table: names, then the columns of :data:`COUNTS`."""
    numbers = (counts.insertions, counts.deletions, counts.substitutions, counts.reference_words)
    return [*names, f"{counts.wer:.2f}", *map(str, numbers)]


def count_report(counts: ErrorCounts) -> dict[str, Any]:
    """Return counts for JSON."""
    return {
        "wer": round(counts.wer, 4) if counts.reference_words else None,
        "words": counts.reference_words,
        "insertions": counts.insertions,
        "deletions": counts.deletions,
        "substitutions": counts.substitutions,
    }


def setting_report(setting: PathWeights) -> dict[str, Any]:
    """Return an LM weight and a penalty for JSON, as --freeze writes them."""
    return {"lm_weight": setting.lm_weight, "word_insertion_penalty": setting.word_insertion_penalty}


def write_json(path: Path, values: Mapping[str, Any]) -> None:
    """Write indented JSON."""
    from blasr.io import atomic_open

    with atomic_open(path, "w") as file:
        file.write(json.dumps(values, indent=2) + "\n")
