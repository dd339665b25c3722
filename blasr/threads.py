"""Threads of our own, each working alone: many small matrices gain nothing from threads inside one product."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

import torch

Item = TypeVar("Item")
Result = TypeVar("Result")


@contextmanager
def one_torch_thread() -> Iterator[None]:
    """Keep torch to one thread for each of ours; what it had before comes back in the end."""
    before = torch.get_num_threads()
    if before == 1:
        yield
        return
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def ordered_map(function: Callable[[Item], Result], items: Sequence[Item], jobs: int) -> Iterator[Result]:
    """Results in the order of ``items``, computed by ``jobs`` threads that stay at most two items each ahead."""
    if jobs <= 1 or len(items) <= 1:
        yield from map(function, items)
        return
    with ThreadPoolExecutor(jobs) as pool:
        waiting = [pool.submit(function, item) for item in items[: 2 * jobs]]
        for index in range(len(items)):
            result = waiting[index % (2 * jobs)].result()
            if index + 2 * jobs < len(items):
                waiting[index % (2 * jobs)] = pool.submit(function, items[index + 2 * jobs])
            yield result
