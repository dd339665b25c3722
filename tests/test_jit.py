"""The compilation cache: reused while nothing changed, renewed when a called function's module or a number changes."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from blasr.jit import before_compilation, compiled_functions, is_cached

CALLEE = "from blasr.jit import jit\n\n\n@jit\ndef twice(x):\n    return {} * x\n"
CALLER = "from blasr.jit import jit\nfrom numbers_ import ADDED\nfrom callee import twice\n\n\n"
CALLER += "@jit\ndef entry(x):\n    return twice(x) + ADDED\n"


@pytest.fixture
def entry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Any]]:
    """Write the modules with a factor and an addend and load the entry function as a new process would."""
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def load(factor: int, added: int) -> Any:
        for name in ("caller", "callee", "numbers_"):
            sys.modules.pop(name, None)
        (tmp_path / "callee.py").write_text(CALLEE.format(factor))
        (tmp_path / "numbers_.py").write_text(f"ADDED = {added}\n")
        if not (tmp_path / "caller.py").exists():
            (tmp_path / "caller.py").write_text(CALLER)
        importlib.invalidate_caches()
        return importlib.import_module("caller").entry

    yield load
    for name in ("caller", "callee", "numbers_"):
        sys.modules.pop(name, None)


def test_an_edit_of_a_called_module_or_of_a_number_is_noticed(entry: Callable[..., Any]) -> None:
    first = entry(2, 1)
    assert first(5) == 11 and sum(first.stats.cache_misses.values()) == 1
    again = entry(2, 1)
    assert again(5) == 11 and sum(again.stats.cache_hits.values()) == 1
    assert entry(3, 1)(5) == 16
    assert entry(3, 4)(5) == 19
    back = entry(2, 1)
    assert back(5) == 11 and sum(back.stats.cache_hits.values()) == 1


def test_only_the_first_compilation_is_announced(entry: Callable[..., Any]) -> None:
    """A cached function is not announced, and neither is a compilation after the context."""
    announced: list[str] = []
    with before_compilation(lambda: announced.append("first")):
        assert entry(7, 1)(5) == 36
    assert announced == ["first"]
    with before_compilation(lambda: announced.append("cached")):
        assert entry(7, 1)(5) == 36
    assert entry(8, 1)(5) == 41
    assert announced == ["first"]


def test_the_cache_says_what_it_has(entry: Callable[..., Any]) -> None:
    first = entry(2, 1)
    assert first(5) == 11 and is_cached(first)
    assert not is_cached(entry(9, 1))
    assert first not in compiled_functions()  # only those of blasr
