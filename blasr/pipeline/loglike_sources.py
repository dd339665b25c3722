"""Where a decoding gets its log-likelihoods: from an archive, or from audio and a network as it decodes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from blasr.decoding.decode_table import DecodedUtterance, check_columns, decode_table
from blasr.decoding.lattice_decoder import LatticeDecoder
from blasr.errors import ConfigError
from blasr.inference.manifest import Manifest, check_loglikes
from blasr.io.kaldi.specifiers import Rspecifier
from blasr.io.kaldi.tables import read_matrices
from blasr.lattices.determinization import Determinized
from blasr.lattices.lattice import Lattice
from blasr.pipeline.decode_inputs import DecodeInputs


@dataclass(frozen=True, eq=False)
class Search:
    """The decoder, and how to determinize its lattices (None for not at all)."""

    decoder: LatticeDecoder
    determinize: Callable[[Lattice], Determinized] | None = None


DecodeRun = Callable[[Search, int], Iterator[DecodedUtterance]]
"""Decodes all utterances in order, with a search and a number of workers."""


class LoglikeSource(Protocol):
    """A source of log-likelihoods; its attributes describe it in the log."""

    @property
    def name(self) -> str:
        """What the log-likelihoods are read or computed from."""
        ...

    @property
    def description(self) -> str:
        """The same in detail."""
        ...

    @property
    def model(self) -> Path:
        """The ``final.mdl`` that defines the pdfs of the columns."""
        ...

    @property
    def frame_shift(self) -> float:
        """Seconds from row to row."""
        ...

    def open(self, inputs: DecodeInputs) -> DecodeRun:
        """Compare the log-likelihoods with the graph and the model; return the function that decodes them.

        Raises:
            DataError: there are none.
            MismatchError: the number of columns differs from the model's number of pdfs.
        """
        ...


@dataclass(frozen=True)
class ArchiveSource:
    """Log-likelihoods in a Kaldi archive or script file.

    Attributes:
        table: ``ark:FILE``, ``scp:FILE`` or ``FILE``.
        model: the ``final.mdl`` that defines the pdfs of the columns.
        frame_shift: seconds from row to row.

    Raises:
        ConfigError: the table is a directory, or an archive that is read as a script.
        DataError, MismatchError: the manifest next to the table shows that they are stale, incomplete or of another
            tree.
    """

    table: str
    model: Path
    frame_shift: float = 0.01
    manifest: Manifest | None = field(init=False)

    def __post_init__(self) -> None:
        _check_table(self.table)
        object.__setattr__(self, "manifest", check_loglikes(self.table, self.model.parent / "tree"))

    @property
    def name(self) -> str:
        """The table."""
        return self.table

    @property
    def description(self) -> str:
        """The table, for the log."""
        return f"log-likelihoods {self.table}"

    def open(self, inputs: DecodeInputs) -> DecodeRun:
        """Compare the first matrix with the model, as :meth:`LoglikeSource.open`."""
        matrices = read_matrices(self.table)
        if self.manifest is not None:
            matrices = self.manifest.all_read(matrices)
        transitions = inputs.model.transitions
        checked = check_columns(matrices, self.table, transitions, self.model, inputs.graph, inputs.graph_path)

        def run(search: Search, workers: int) -> Iterator[DecodedUtterance]:
            return decode_table(search.decoder, checked, workers, search.determinize)

        return run


def _check_table(name: str) -> None:
    """Refuse a directory, and a script that is an archive by its name."""
    table = Rspecifier.parse(name)
    path = Path(table.path)
    if path.is_dir():
        script = path / "loglikes.scp"
        if script.is_file():
            raise ConfigError("is a directory, not log-likelihoods", path=path, fix=f"use --loglikes scp:{script}")
        raise ConfigError("is a directory without loglikes.scp", path=path, fix="name an archive or a script")
    if table.kind == "scp" and path.suffix == ".ark":
        raise ConfigError("is an archive, not a script", path=path, fix=f"use --loglikes ark:{path}")
