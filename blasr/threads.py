"""Worker threads that use one torch thread each, since products of small matrices do not run faster on several."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


@contextmanager
def one_torch_thread() -> Iterator[None]:
    """Limit torch to one thread inside the ``with`` block; restore the previous number at its end."""
    import torch

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
    """Yield the results of a function in the order of ``items``.

    Args:
        function: called once for every item.
        items: its arguments.
        jobs: the number of threads. They run at most two items per thread ahead of the consumer.
    """
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
