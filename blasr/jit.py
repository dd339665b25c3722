"""Compilation by numba, cached on disk, and compiled again when any function in the call graph changes.

numba compares a cached function with its own source file only. When it calls a function from another module, the
machine code of that function is part of the cached code, so an edit of the other module would go unnoticed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import FunctionType
from typing import Any, Final, TypeVar

import numba
import numpy as np
from numba.core.caching import FunctionCache
from numba.core.dispatcher import Dispatcher

from blasr.units import AnyArray

_Function = TypeVar("_Function", bound=Callable[..., Any])


_dispatchers: list[Any] = []


def jit(function: _Function) -> _Function:
    """Compile a function at its first call, without the GIL, and keep the machine code on disk.

    The cached code is used only while everything that it depends on is unchanged: the sources of all modules with
    functions that it calls, directly or not, and the numbers, record types and named tuples that these functions take
    from modules.
    """
    return _compiled(function, inline=False)


def jit_inline(function: _Function) -> _Function:
    """Compile a small function as :func:`jit` does, to be inlined into its callers.

    A call that is not inlined counts references to every array argument, which is slow in inner loops.
    """
    return _compiled(function, inline=True)


def _compiled(function: _Function, *, inline: bool) -> _Function:
    compile_lazily: Any = numba.njit(nogil=True, forceinline=inline)
    dispatcher = compile_lazily(function)
    if hasattr(dispatcher, "py_func"):  # NUMBA_DISABLE_JIT leaves the function as it is
        dispatcher._cache = _CallGraphCache(function)
        _dispatchers.append(dispatcher)
    compiled: _Function = dispatcher
    return compiled


def compiled_functions() -> list[Any]:
    """Return the functions of blasr's imported modules that numba compiles, as its dispatchers."""
    return [dispatcher for dispatcher in _dispatchers if dispatcher.py_func.__module__.startswith("blasr.")]


def is_cached(function: Any) -> bool:
    """Return whether the cache on disk has machine code of a function for its present sources."""
    index = function._cache._cache_file._load_index()
    return any(key[-1] == call_graph_hash(function.py_func) for key in index)


def cache_folders() -> list[str]:
    """Return the folders with the machine code of :func:`compiled_functions`."""
    return sorted({function._cache.cache_path for function in compiled_functions()})


COMPILING: Final = "compiling the search for the first time; this takes a minute or two"
_announcements: list[Callable[[], object]] = []


@contextmanager
def before_compilation(announce: Callable[[], object]) -> Iterator[None]:
    """Call ``announce`` once, before the first function is compiled that is not cached; never if all are cached."""
    _announcements.append(announce)
    try:
        yield
    finally:
        if announce in _announcements:
            _announcements.remove(announce)


_Cache: Any = FunctionCache


class _CallGraphCache(_Cache):  # type: ignore[misc]  # numba's internals carry no types
    """numba's cache of a function, with the sources of its call graph in the key."""

    def _load_overload(self, sig: Any, target_context: Any) -> Any:
        try:
            cached = super()._load_overload(sig, target_context)
        except (AttributeError, ImportError):  # the index names a class that another version of blasr had
            self.flush()
            cached = None
        if cached is None:
            while _announcements:
                _announcements.pop()()
        return cached

    def _index_key(self, sig: Any, codegen: Any) -> tuple[Any, ...]:
        return (*super()._index_key(sig, codegen), call_graph_hash(self._py_func))


@cache
def call_graph_hash(function: FunctionType) -> str:
    """Return a hash of the sources and numbers that the machine code of a function depends on."""
    functions: dict[FunctionType, None] = {function: None}
    digest = hashlib.sha256()
    files: set[str] = set()
    pending = [function]
    while pending:
        caller = pending.pop()
        files.add(caller.__code__.co_filename)
        for name, value in _globals_of(caller):
            if isinstance(value, Dispatcher):
                if value.py_func not in functions:
                    functions[value.py_func] = None
                    pending.append(value.py_func)
            elif isinstance(value, int | float | np.dtype):
                digest.update(f"{caller.__qualname__}.{name}={value!r};".encode())
            elif isinstance(value, type) and hasattr(value, "_fields"):  # a named tuple
                digest.update(f"{caller.__qualname__}.{name}={value._fields};".encode())
    for file in sorted(files):
        digest.update(Path(file).read_bytes())
    return digest.hexdigest()


def _globals_of(function: FunctionType) -> Iterator[tuple[str, Any]]:
    """Yield the names and values of the module-level objects that a function uses."""
    for name in sorted(function.__code__.co_names):
        if name in function.__globals__:
            yield name, function.__globals__[name]


@jit
def grown(array: AnyArray, size: int) -> AnyArray:
    """Return the array, or a copy of at least twice the length if it has fewer than ``size`` entries."""
    if size <= len(array):
        return array
    larger = np.empty(max(2 * len(array), size), array.dtype)
    larger[: len(array)] = array
    return larger
