"""The examples of a pool, made in worker processes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from torch.utils.data import Dataset

from blasr.chunks.examples import Example, ExampleLoader, LengthError
from blasr.chunks.plan import ChunkPool
from blasr.errors import UTTERANCE_ERRORS, BlasrError
from blasr.units import FloatArray, IntArray


@dataclass(frozen=True)
class PoolExamples:
    """The examples of a pool, stored consecutively in time.

    Args:
        names: names of the examples.
        lengths: output frames T of each example.
        inputs: ``(3, F, sum of T + 48)``; every example has its own context.
        pdf_ids: ``(sum of T,)``, from 0.
        kept: number of utterances in the examples.
        dropped: utterance-ids of the others, each with its error.
    """

    names: tuple[str, ...]
    lengths: tuple[int, ...]
    inputs: FloatArray
    pdf_ids: IntArray
    kept: int
    dropped: tuple[tuple[str, BlasrError], ...]


class PoolDataset(Dataset[PoolExamples | BlasrError]):
    """Makes the examples of pools, in the process that reads them.

    A mistake in the data is returned, not raised. A worker would turn an exception into text with a traceback.

    Args:
        loader: makes examples.
        pools: the items of this data set.
        names: the utterance-ids of the corpus, by their places.
        epoch: from 1.
    """

    def __init__(self, loader: ExampleLoader, pools: Sequence[ChunkPool], names: Sequence[str], epoch: int) -> None:
        self._loader, self._pools, self._names, self._epoch = loader, pools, names, epoch

    def __len__(self) -> int:
        return len(self._pools)

    def __getitem__(self, index: int) -> PoolExamples | BlasrError:
        groups = [[self._names[place] for place in group] for group in self._pools[index].groups()]
        examples: list[Example] = []
        dropped: list[tuple[str, BlasrError]] = []
        try:
            for group in groups:
                examples += self._load_group(group, dropped)
        except BlasrError as error:
            return error
        kept = sum(map(len, groups)) - len(dropped)
        if not examples:
            return PoolExamples((), (), np.zeros((3, 1, 0), np.float32), np.zeros(0, np.int32), kept, tuple(dropped))
        return PoolExamples(
            tuple(example.name for example in examples),
            tuple(len(example.pdf_ids) for example in examples),
            np.concatenate([example.inputs for example in examples], axis=2),
            np.concatenate([example.pdf_ids for example in examples]),
            kept,
            tuple(dropped),
        )

    def _load_group(self, group: Sequence[str], dropped: list[tuple[str, BlasrError]]) -> list[Example]:
        """Return the example of a group, or none; utterances that cannot be used go to ``dropped``."""
        rest = list(group)
        while rest:
            try:
                return [self._loader.load(rest, self._epoch)]
            except (LengthError, *UTTERANCE_ERRORS) as error:
                if error.utterance not in rest:
                    raise
                dropped.append((error.utterance, error))
                rest.remove(error.utterance)
        return []
