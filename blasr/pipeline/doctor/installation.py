"""The installation: optional packages and programs, and the functions that numba has compiled."""

from __future__ import annotations

import importlib
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from blasr.jit import cache_folders, compiled_functions, is_cached
from blasr.pipeline.doctor.machine import package_version
from blasr.scoring.sctk import find_sctk

EXTRAS: Final[Mapping[str, tuple[str, ...]]] = {
    "subwords": ("sentencepiece",),
    "g2p": ("phonetisaurus",),
    "vision": ("torchvision",),
    "pictures": ("matplotlib",),
    "codecs": ("av",),
    "serve": ("aiohttp", "prometheus-client"),
    "export": ("onnx", "onnxruntime", "onnxscript"),
    "demo": ("espeakng-loader", "matplotlib"),
}
"""The packages of each optional extra of ``pyproject.toml`` that users install."""

PROGRAMS: Final[Mapping[str, str]] = {
    "sclite": "NIST's scoring; blasr score stm compares itself with it",
    "latgen-faster-mapped": "Kaldi's decoder, for recipes/kaldi/steps/blasr/decode.sh",
    "sox": "audio commands in wav.scp",
    "ffmpeg": "audio and video formats that libsndfile does not read, through a pipe",
    "sph2pipe": "sph files with shorten compression",
}
"""Optional programs, and what uses them."""


IMPORTED_LATE: Final = ("blasr.lattices.lattice_passes",)
"""The modules with compiled functions that are only imported when they are used."""


@dataclass(frozen=True)
class CompiledCache:
    """The functions that numba compiles on first use.

    Attributes:
        functions: how many there are.
        compiled: how many have machine code on disk for the present sources.
        folders: where the machine code is.
    """

    functions: int
    compiled: int
    folders: tuple[str, ...]


def extras() -> dict[str, dict[str, str | None]]:
    """Return for each extra its packages with their versions; None for a package that is not installed."""
    return {extra: {name: package_version(name) for name in packages} for extra, packages in EXTRAS.items()}


def programs() -> dict[str, str | None]:
    """Return the path of each optional program; None for one that is not on the PATH."""
    found: dict[str, Any] = {name: shutil.which(name) for name in PROGRAMS}
    sctk = find_sctk()
    if sctk is not None:
        found["sclite"] = str(sctk / "sclite")
    return found


def compiled_cache() -> CompiledCache:
    """Count the functions that the cache on disk has."""
    for name in IMPORTED_LATE:
        importlib.import_module(name)
    functions = compiled_functions()
    return CompiledCache(len(functions), sum(map(is_cached, functions)), tuple(cache_folders()))
