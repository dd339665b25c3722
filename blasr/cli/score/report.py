"""What the ways of ``blasr score`` share: tables, JSON, and the settings that --freeze writes and --setting reads."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from blasr.errors import ConfigError, DataError, FormatError
from blasr.io.atomic import atomic_open
from blasr.lattices.compact_lattice import CompactLattice
from blasr.lattices.config import PathWeights
from blasr.lattices.lattice import Lattice
from blasr.lattices.lattice_table import read_any_lattices
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


def tell_setting(setting: PathWeights) -> str:
    """A setting in words."""
    return f"LM weight {setting.lm_weight:g}, word insertion penalty {setting.word_insertion_penalty:g}"


def read_setting(path: Path) -> PathWeights:
    """The setting that --freeze wrote; :class:`FormatError` where the file holds none."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        setting = PathWeights(float(values["lm_weight"]), float(values["word_insertion_penalty"]))
    except ConfigError as error:
        raise FormatError(error.message, path=path) from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        message = f"is not a frozen setting: {error!r}"
        raise FormatError(message, path=path, fix="write one with blasr score --freeze on a tuning set") from None
    return setting


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


def read_text(path: Path) -> dict[str, list[str]]:
    """Words by utterance-id, of a file with ``utterance-id word word ...`` lines.

    Raises:
        FormatError: the file cannot be read, a line is empty, or an utterance stands twice.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise FormatError(f"cannot be read: {error}", path=path) from None
    text: dict[str, list[str]] = {}
    for number, line in enumerate(lines, start=1):
        fields = line.split()
        if not fields:
            raise FormatError("the line is empty, expected an utterance-id and words", path=path, line=number)
        if fields[0] in text:
            raise FormatError("stands a second time", path=path, line=number, utterance=fields[0])
        text[fields[0]] = fields[1:]
    return text


def lattices_of(path: Path) -> Iterator[tuple[str, Lattice]]:
    """The lattices of an archive or of a folder's ``lat.ark``, ``lat.1.gz``, ``lat.2.gz`` ...; compact ones too."""
    files = [path]
    if path.is_dir():
        files = [path / "lat.ark"]
        if not files[0].is_file():
            numbered = [file for file in path.glob("lat.*.gz") if file.name.split(".")[1].isdigit()]
            files = sorted(numbered, key=lambda file: int(file.name.split(".")[1]))
        if not files:
            raise DataError("has neither lat.ark nor lat.1.gz", path=path, fix="decode first (blasr decode --out)")
    for file in files:
        for utterance, lattice in read_any_lattices(file):
            yield utterance, lattice.to_lattice() if isinstance(lattice, CompactLattice) else lattice
