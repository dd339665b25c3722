"""Training labels: every utterance's pdf-ids, read once from an alignment directory and then memory-mapped."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

import numpy as np

from blasr.errors import DataError, MismatchError
from blasr.hmm.transition_model import TransitionModel, read_transition_model
from blasr.io.atomic import atomic_dir
from blasr.io.kaldi.alignments import alignment_files, read_alignments
from blasr.units import AnyArray, IntArray


class PdfLabels:
    """The pdf-ids of every aligned utterance, ``(T,)`` each, from 0; memory-mapped, so that processes share them.

    Args:
        directory: an index that :func:`index_labels` wrote.
    """

    def __init__(self, directory: Path) -> None:
        self._pdf_ids: AnyArray = np.load(directory / "pdf_ids.npy", mmap_mode="r", allow_pickle=False)
        self._offsets: AnyArray = np.load(directory / "offsets.npy", allow_pickle=False)
        utterances = (directory / "utterances.txt").read_text(encoding="utf-8").splitlines()
        self._row = {utterance: row for row, utterance in enumerate(utterances)}
        meta = json.loads((directory / "meta.json").read_text(encoding="utf-8"))
        self.num_pdfs: int = meta["num_pdfs"]
        self.source: str = meta["source"]
        self.fingerprint: str = meta["labels"]

    def __len__(self) -> int:
        return len(self._row)

    def __iter__(self) -> Iterator[str]:
        return iter(self._row)

    def __contains__(self, utterance: str) -> bool:
        return utterance in self._row

    def __getitem__(self, utterance: str) -> IntArray:
        row = self._row[utterance]
        return np.asarray(self._pdf_ids[self._offsets[row] : self._offsets[row + 1]])

    def num_frames(self, utterance: str) -> int:
        """Frames that the utterance was aligned with."""
        row = self._row[utterance]
        return int(self._offsets[row + 1] - self._offsets[row])

    def counts(self, utterances: Iterable[str]) -> AnyArray:
        """How many frames of ``utterances`` have each pdf-id: int64 ``(num_pdfs,)``."""
        total = np.zeros(self.num_pdfs, dtype=np.int64)
        for utterance in utterances:
            total += np.bincount(self[utterance], minlength=self.num_pdfs)
        return total

    def check_utterances(self, wanted: Collection[str], data: Path) -> None:
        """Refuse alignments that share no utterance with the data.

        Raises:
            DataError: with both counts and an example of each side.
        """
        if not any(utterance in self for utterance in wanted):
            raise DataError(
                f"aligns {len(self)} utterances such as {next(iter(self))}, but none of the {len(wanted)} utterances "
                f"of {data} such as {next(iter(wanted))}",
                path=self.source,
                fix="give the alignments of this data directory, or align it with `blasr align`",
            )


def index_labels(alignments: Path, directory: Path) -> PdfLabels:
    """Read ``alignments/ali*.gz`` and ``alignments/final.mdl`` into an index at ``directory``, unless it is there.

    Raises:
        DataError: a file is absent, or nothing is aligned.
        FormatError: a file is not in Kaldi's format.
        MismatchError: the alignments have transition-ids that ``final.mdl`` lacks.
    """
    model = alignments / "final.mdl"
    if not model.is_file():
        raise DataError("is absent", path=model, fix="give an alignment directory with final.mdl and ali.*.gz")
    fingerprint = hashlib.sha256()
    for file in [model, *alignment_files(alignments)]:
        stat = file.stat()
        fingerprint.update(f"{file.resolve()} {stat.st_size} {stat.st_mtime_ns}\n".encode())
    meta_path = directory / "meta.json"
    if meta_path.is_file():
        meta = json.loads(meta_path.read_text(encoding="utf-8"))
        if meta.get("fingerprint") == fingerprint.hexdigest():
            return PdfLabels(directory)
    transition_model = read_transition_model(model)
    names: list[str] = []
    pieces: list[IntArray] = []
    for utterance, transition_ids in read_alignments(alignments):
        names.append(utterance)
        pieces.append(_pdf_ids(transition_model, transition_ids, utterance, alignments))
    if not names:
        raise DataError("aligns no utterance", path=alignments, fix="look at the log of the alignment")
    with atomic_dir(directory) as temporary:
        np.save(temporary / "pdf_ids.npy", np.concatenate(pieces), allow_pickle=False)
        offsets = np.cumsum([0, *map(len, pieces)], dtype=np.int64)
        np.save(temporary / "offsets.npy", offsets, allow_pickle=False)
        (temporary / "utterances.txt").write_text("".join(f"{name}\n" for name in names), encoding="utf-8")
        meta = {
            "source": str(alignments),
            "num_pdfs": transition_model.num_pdfs,
            "fingerprint": fingerprint.hexdigest(),
            "labels": _fingerprint(names, pieces),
        }
        (temporary / "meta.json").write_text(json.dumps(meta), encoding="utf-8")
    return PdfLabels(directory)


def _fingerprint(names: list[str], pieces: list[IntArray]) -> str:
    digest = hashlib.sha256()
    for name, pdf_ids in zip(names, pieces, strict=True):
        digest.update(f"{name} {len(pdf_ids)}\n".encode())
        digest.update(pdf_ids.tobytes())
    return digest.hexdigest()


def _pdf_ids(model: TransitionModel, transition_ids: IntArray, utterance: str, source: Path) -> IntArray:
    highest, lowest = (int(transition_ids.max()), int(transition_ids.min())) if len(transition_ids) else (1, 1)
    if highest > model.num_transition_ids or lowest < 1:
        raise MismatchError(
            f"has transition-id {highest if lowest >= 1 else lowest}, but final.mdl has those from 1 to "
            f"{model.num_transition_ids} ({model.num_pdfs} pdfs)",
            path=source,
            utterance=utterance,
            fix="give the final.mdl that these alignments were made with",
        )
    return np.asarray(model.pdf_ids(transition_ids), dtype=np.int32)
