"""The files of a decoding of two golden strings and of an utterance without a path."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

from blasr.decoding.decode_output import DecodeFiles, DecodeOutput
from blasr.decoding.decode_table import DecodedUtterance
from blasr.io.kaldi.table_writer import TableWriter
from blasr.lattices.compact_lattice import CompactLattice
from blasr.lattices.config import DeterminizationConfig
from blasr.lattices.determinization import determinize_lattice
from blasr.lattices.lattice_table import ANY_LATTICE, read_any_lattices
from blasr.lattices.timed_words import PathFormatter
from blasr.tally import Tally
from tests.golden_system import GoldenSystem


def test_every_file_has_the_utterances_in_order(system: GoldenSystem, tmp_path: Path) -> None:
    best_paths, ctm, log = StringIO(), StringIO(), StringIO()
    names = list(system.lattices)[:2]
    expected = system.text("best_path_lmwt10_wip0.txt")
    tally = Tally("decode", 0.5)
    with TableWriter(tmp_path / "lat.ark", ANY_LATTICE) as lattices:
        output = DecodeOutput(
            files=DecodeFiles(lattices=lattices, best_paths=best_paths, ctm=ctm, log=log),
            formatter=PathFormatter(words=system.words),
            determinization=DeterminizationConfig(),
            confidences=True,
        )
        for name in names:
            lattice = system.lattices[name]
            determinized = determinize_lattice(lattice)
            output.write(DecodedUtterance(name, lattice.num_frames, lattice, determinized=determinized))
            tally.keep()
        output.write(DecodedUtterance("broken", 3, None, "without a path to the last frame"))
        tally.drop("broken", "without a path to the last frame")
    assert best_paths.getvalue().splitlines() == [" ".join([name, *expected[name]]) for name in names]
    rows = [line.split() for line in ctm.getvalue().splitlines()]
    assert [row[4] for row in rows] == [word for name in names for word in expected[name]]
    assert all(0 <= float(row[5]) <= 1 for row in rows)
    assert log.getvalue().splitlines()[-1] == "Not decoded: utterance broken, without a path to the last frame."
    written = dict(read_any_lattices(tmp_path / "lat.ark"))
    assert list(written) == names and all(isinstance(lattice, CompactLattice) for lattice in written.values())
    assert output.narrowed_warning() is None
    assert output.frames == sum(system.lattices[name].num_frames for name in names)
    lines = output.summary(tally, 2.0, 1, "from the arcs")
    assert "0 partial" in lines[0] and lines[1] == "word times: from the arcs"
    assert "1 thread(s)" in lines[-1]


def test_the_beam_that_was_reached_is_logged(system: GoldenSystem, tmp_path: Path) -> None:
    name, lattice = next(iter(system.lattices.items()))
    config, log = DeterminizationConfig(max_memory=20_000), StringIO()
    determinized = determinize_lattice(lattice, config)
    with TableWriter(tmp_path / "lat.ark", ANY_LATTICE) as lattices:
        output = DecodeOutput(
            files=DecodeFiles(lattices=lattices, best_paths=StringIO(), ctm=StringIO(), log=log),
            formatter=PathFormatter(words=system.words),
            determinization=config,
        )
        output.write(DecodedUtterance(name, lattice.num_frames, lattice, determinized=determinized))
    reached = f"{determinized.effective_beam:.4g}"
    assert log.getvalue().splitlines()[0] == (
        f"Determinization of utterance {name} took 0.02 MB: its lattice has a beam of {reached} instead of 6."
    )
    assert output.narrowed_warning() == (
        "1 lattice(s) have a narrower beam than 6, since their determinization took 0.02 MB; "
        f"the narrowest is {reached}, of utterance {name}"
    )
