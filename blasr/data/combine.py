"""Several data directories joined into one (Kaldi's utils/combine_data.sh)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from blasr.data.fix import FixReport, fix_data_dir
from blasr.data.tables import ALL_TABLES, Lines, keys_of, read_tables, utt2spk_to_spk2utt, write_tables
from blasr.errors import ConfigError

_COMBINED = tuple(
    name for name in ALL_TABLES if name not in ("spk2utt", "utt2uniq", "segments", "utt2warp", "spk2warp")
)


def combine_data_dirs(out: Path, sources: Sequence[Path], *, fix: bool = True) -> FixReport:
    """Write the lines of several data directories into one, sorted, and fix the result.

    A file that any of them lacks is left out, with two exceptions. In ``utt2uniq``, utterances without a line are
    taken as unique. In ``segments``, a directory without segments contributes whole recordings with the end ``-1``.
    (Kaldi's script measures their end; its programs read -1 in the same way.)

    Returns:
        The changes of the fix; the notes begin with the files that were left out.

    Raises:
        ConfigError: there is no source, or ``out`` is one of the sources.
        DataError: a source cannot be read, or no utterance is left.
    """
    if not sources or out.resolve() in (source.resolve() for source in sources):
        raise ConfigError(
            f"there is no source, or {out} is among the sources", fix="give a source, and another output folder"
        )
    report = FixReport()
    combined = combine_tables([read_tables(source) for source in sources], report)
    out.mkdir(parents=True, exist_ok=True)
    write_tables(out, combined)
    if not fix:
        report.kept = len(combined["utt2spk"])
        return report
    fixed = fix_data_dir(out)
    return FixReport(fixed.kept, fixed.removed, report.notes + fixed.notes)


def combine_tables(sources: Sequence[dict[str, Lines]], report: FixReport) -> dict[str, Lines]:
    """Return the joined tables; every table left out becomes a note of ``report``."""
    sources = [dict(tables) for tables in sources]
    for name, lines_for in (("utt2uniq", unique_utterances), ("segments", _whole_recordings)):
        if any(name in tables for tables in sources):
            for tables in sources:
                tables.setdefault(name, lines_for(tables))
    combined: dict[str, Lines] = {}
    for name in (*_COMBINED, "utt2uniq", "segments"):
        having = [tables for tables in sources if name in tables]
        if len(having) == len(sources):
            combined[name] = sorted(line for tables in sources for line in tables[name])
        elif having:
            report.notes.append(f"{name}: left out, since only {len(having)} of {len(sources)} directories have it")
    combined["spk2utt"] = utt2spk_to_spk2utt(combined["utt2spk"])
    return combined


def unique_utterances(tables: dict[str, Lines]) -> Lines:
    """Return the lines of a ``utt2uniq`` in which every utterance is its own original."""
    return [b"%s %s" % (key, key) for key in keys_of(tables["utt2spk"])]


def _whole_recordings(tables: dict[str, Lines]) -> Lines:
    return [b"%s %s 0 -1" % (key, key) for key in keys_of(tables["wav.scp"])]
