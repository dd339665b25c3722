from __future__ import annotations

import threading

import pytest
import torch

from blasr.threads import one_torch_thread, ordered_map


@pytest.mark.parametrize("jobs", [1, 2, 5])
def test_results_keep_their_order(jobs: int) -> None:
    assert list(ordered_map(lambda item: item * item, list(range(40)), jobs)) == [item * item for item in range(40)]


def test_threads_stay_two_items_ahead_at_most() -> None:
    started = 0
    lock = threading.Lock()

    def work(item: int) -> int:
        nonlocal started
        with lock:
            started += 1
        return item

    results = ordered_map(work, list(range(100)), 2)
    next(results)
    with lock:
        assert started <= 6
    results.close()  # type: ignore[attr-defined]


def test_torch_has_as_many_threads_as_before() -> None:
    before = torch.get_num_threads()
    with pytest.raises(RuntimeError), one_torch_thread():
        assert torch.get_num_threads() == 1
        raise RuntimeError
    assert torch.get_num_threads() == before
