"""Training labels: the pdf-ids of every aligned utterance, read once from an alignment directory and memory-mapped."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from blasr.errors import DataError, MismatchError
from blasr.hmm.transition_model import TransitionModel, read_transition_model
from blasr.io import AlignmentIndex, LabelConversion
from blasr.units import AnyArray, IntArray


@dataclass(frozen=True, eq=False)
class PdfLabels(Mapping[str, IntArray]):
    """The pdf-ids ``(T,)``, from 0, of every aligned utterance; memory-mapped, so that processes share them.

    Attributes:
        index: the pdf-ids.
        num_pdfs: the number of pdfs in the model that the alignments were made with.
        source: the alignment directory, for errors.
    """

    index: AlignmentIndex
    num_pdfs: int
    source: Path

    def __len__(self) -> int:
        return len(self.index)

    def __iter__(self) -> Iterator[str]:
        return iter(self.index)

    def __contains__(self, utterance: object) -> bool:
        return utterance in self.index

    def __getitem__(self, utterance: str) -> IntArray:
        return self.index[utterance]

    @property
    def fingerprint(self) -> str:
        """A digest of all utterance-ids and pdf-ids."""
        return self.index.fingerprint

    def num_frames(self, utterance: str) -> int:
        """The number of frames in the alignment of an utterance."""
        return len(self.index[utterance])

    def counts(self, rows: AnyArray) -> AnyArray:
        """How many frames of the utterances in these rows of the index have each pdf-id: int64 ``(num_pdfs,)``."""
        return self.index.counts(rows, self.num_pdfs)

    def check_utterances(self, wanted: Collection[str], data: Path) -> None:
        """Refuse alignments that share no utterance with the data.

        Raises:
            DataError: they share none; the error has both counts and an example from each side.
        """
        if not any(utterance in self for utterance in wanted):
            raise DataError(
                f"aligns {len(self)} utterances such as {next(iter(self))}, but none of the {len(wanted)} utterances "
                f"of {data} such as {next(iter(wanted))}",
                path=self.source,
                fix="give the alignments of this data directory, or align it with `blasr align`",
            )


def index_labels(alignments: Path, folder: Path, num_jobs: int = 1) -> PdfLabels:
    """Index ``alignments/ali*.gz`` as pdf-ids in ``folder``, unless ``folder`` already has the index of these files.

    Args:
        alignments: an alignment directory.
        folder: the index.
        num_jobs: the number of processes that read archives.

    Raises:
        DataError: a file is missing, nothing is aligned, or an utterance appears twice.
        FormatError: a file is not in Kaldi's format.
        MismatchError: the alignments have transition-ids that ``alignments/final.mdl`` lacks.
    """
    model, conversion = _conversion(alignments)
    return PdfLabels(AlignmentIndex.open_or_build(alignments, folder, conversion, num_jobs), model.num_pdfs, alignments)


def labels_are_indexed(alignments: Path, folder: Path) -> bool:
    """Whether ``folder`` has the complete index of these alignments.

    Raises:
        DataError, FormatError: as :func:`index_labels`, of missing files.
    """
    return AlignmentIndex.is_current(alignments, folder, _conversion(alignments)[1])


def _conversion(alignments: Path) -> tuple[TransitionModel, LabelConversion]:
    path = alignments / "final.mdl"
    if not path.is_file():
        raise DataError("is missing", path=path, fix="give an alignment directory with final.mdl and ali.*.gz")
    model = read_transition_model(path)
    return model, LabelConversion(partial(to_pdf_ids, model), files=(path,))


def to_pdf_ids(model: TransitionModel, transition_ids: IntArray) -> IntArray:
    """The pdf-ids ``(T,)``, from 0, of transition-ids ``(T,)``, from 1.

    Raises:
        MismatchError: the model lacks one of the transition-ids.
    """
    highest, lowest = (int(transition_ids.max()), int(transition_ids.min())) if len(transition_ids) else (1, 1)
    if highest > model.num_transition_ids or lowest < 1:
        raise MismatchError(
            f"has transition-id {highest if lowest >= 1 else lowest}, but those of final.mdl run from 1 to "
            f"{model.num_transition_ids} ({model.num_pdfs} pdfs)",
            fix="give the final.mdl that these alignments were made with",
        )
    return np.asarray(model.pdf_ids(transition_ids), dtype=np.int32)
