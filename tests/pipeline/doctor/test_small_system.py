"""The utterance of the self-tests."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from blasr.errors import DataError
from blasr.io.fst import Fst
from blasr.pipeline.doctor.small_system import TRANSCRIPT, SmallSystem, shortest_path


def test_the_utterance_says_its_transcript(tmp_path: Path) -> None:
    system = SmallSystem(tmp_path)
    assert system.loglikes.argmax(1).tolist() == system.pdf_ids.tolist()
    phones = system.transitions.phones(shortest_path(system.training_graph))
    names = [system.lang.topology.phones and number for number in phones[::3].tolist()]
    assert len(names) == 2 * len(TRANSCRIPT)  # each word has two phones of three states, and silence is skipped


def test_the_shortest_path_has_the_fewest_arcs() -> None:
    final = [np.inf, np.inf, 0.0]
    graph = Fst.from_arcs(0, final, [0, 0, 1, 2], [5, 7, 6, 8], [0] * 4, [0.0] * 4, [1, 2, 2, 2])
    assert shortest_path(graph).tolist() == [7]
    with pytest.raises(DataError, match="no final state"):
        shortest_path(Fst.from_arcs(0, [np.inf], [0], [1], [0], [0.0], [0]))
