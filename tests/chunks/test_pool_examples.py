"""The examples of a pool, whichever utterances fit their labels."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from blasr.chunks.examples import ExampleLoader
from blasr.chunks.plan import ChunkPool
from blasr.chunks.pool_examples import PoolDataset, PoolExamples
from blasr.errors import MismatchError
from tests.chunks.corpus import corpus


def data_set(loader: ExampleLoader, groups: tuple[tuple[str, ...], ...]) -> PoolDataset:
    """One pool of these groups, in a corpus with the names u00, u01 and u02."""
    places = np.array([int(name[1:]) for group in groups for name in group], np.int32)
    edges = np.cumsum([0, *map(len, groups)]).astype(np.int32)
    return PoolDataset(loader, [ChunkPool(places, edges, 1, 0)], ["u00", "u01", "u02"], epoch=1)


def load(directory: Path, groups: tuple[tuple[str, ...], ...], spoil: tuple[int, ...] = ()) -> PoolExamples:
    loader, _, _ = corpus(directory, [10, 20, 30], spoil=spoil)
    item = data_set(loader, groups)[0]
    assert isinstance(item, PoolExamples)
    return item


def test_examples_are_stored_consecutively_with_their_context(tmp_path: Path) -> None:
    examples = load(tmp_path, (("u00", "u02"), ("u01",)))
    assert examples.names == ("u00+u02", "u01") and examples.lengths == (40, 20)
    assert examples.inputs.shape == (3, 64, 40 + 48 + 20 + 48) and examples.pdf_ids.shape == (60,)
    assert examples.kept == 3 and examples.dropped == ()


@pytest.mark.parametrize("groups", [(("u00", "u02"), ("u01",)), (("u00",), ("u01",), ("u02",))])
def test_a_dropped_utterance_leaves_the_rest_of_its_group(groups: tuple[tuple[str, ...], ...], tmp_path: Path) -> None:
    examples = load(tmp_path, groups, spoil=(2,))
    assert examples.names == ("u00", "u01") and examples.kept == 2
    ((name, error),) = examples.dropped
    assert (name, error.reason) == ("u02", "with another number of frames than the alignment")


def test_a_pool_may_lose_all_its_utterances(tmp_path: Path) -> None:
    examples = load(tmp_path, (("u00",), ("u01", "u02")), spoil=(0, 1, 2))
    assert examples.lengths == () and examples.kept == 0 and len(examples.dropped) == 3


def test_unreadable_audio_is_dropped_with_its_message(tmp_path: Path) -> None:
    loader, _, _ = corpus(tmp_path, [10, 20])
    (tmp_path / "data" / "u00.wav").unlink()
    examples = data_set(loader, (("u00", "u01"),))[0]
    assert isinstance(examples, PoolExamples) and examples.names == ("u01",)
    ((name, error),) = pickle.loads(pickle.dumps(examples.dropped))  # noqa: S301 (as it comes from a worker process)
    assert name == error.utterance == "u00" and "no such audio file" in str(error)


def test_other_mistakes_are_returned(tmp_path: Path) -> None:
    loader, _, _ = corpus(tmp_path, [10])

    def load(names: object, epoch: int) -> None:
        raise MismatchError("found 80 coefficients, expected 64", utterance="u00")

    loader.load = load  # type: ignore[method-assign, assignment]
    error = data_set(loader, (("u00",),))[0]
    assert isinstance(error, MismatchError) and error.utterance == "u00"
