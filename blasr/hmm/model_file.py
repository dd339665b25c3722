"""``final.mdl``: a transition model, followed by the Gaussian mixtures of its pdfs."""

from __future__ import annotations

import os
from typing import Final

from blasr.errors import MismatchError
from blasr.hmm.gmm import AmDiagGmm
from blasr.hmm.model_part import checked_at
from blasr.hmm.transition_model import TransitionModel
from blasr.io.kaldi.model_stream import Reader, open_reader, open_writer

_OTHER_MODELS: Final = frozenset({"<Nnet3>", "<Nnet>", "<SGMM>"})

FilePath = str | os.PathLike[str]


def read_model(path: FilePath) -> tuple[TransitionModel, AmDiagGmm | None]:
    """Read a ``final.mdl``, binary or text.

    Returns:
        The transition model and the mixtures. The mixtures are None if the file ends after the transition model or
        continues with another kind of acoustic model.

    Raises:
        FormatError: the file is truncated, corrupt, of another kind, or has fewer mixtures than pdfs.
    """
    with open_reader(path) as reader:
        return read_model_from(reader)


def read_model_from(reader: Reader) -> tuple[TransitionModel, AmDiagGmm | None]:
    """Read the model at a reader's position; see :func:`read_model`."""
    transition_model = TransitionModel.read_from(reader)
    first = reader.try_token()
    if first is None or first in _OTHER_MODELS:
        return transition_model, None
    if first != "<DIMENSION>":
        raise reader.error(f"expected an acoustic model or the end of the file, found {first[:80]!r}")
    acoustic_model = AmDiagGmm.read_from(reader, first)
    with checked_at(reader):
        _check_pdfs(transition_model, acoustic_model)
    return transition_model, acoustic_model


def write_model(
    path: FilePath, transition_model: TransitionModel, acoustic_model: AmDiagGmm | None = None, *, binary: bool = True
) -> None:
    """Write a ``final.mdl``, byte for byte as Kaldi does; :class:`MismatchError` if a pdf has no mixture."""
    if acoustic_model is not None:
        _check_pdfs(transition_model, acoustic_model)
    with open_writer(path, binary=binary) as writer:
        transition_model.write_to(writer)
        if acoustic_model is not None:
            acoustic_model.write_to(writer)


def _check_pdfs(transition_model: TransitionModel, acoustic_model: AmDiagGmm) -> None:
    if acoustic_model.num_pdfs < transition_model.num_pdfs:
        expected, found = transition_model.num_pdfs, acoustic_model.num_pdfs
        raise MismatchError(f"the transition model has {expected} pdfs, the acoustic model only {found} mixtures")
