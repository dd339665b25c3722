"""The machine: processor, memory and GPUs, and the versions of what computes on them."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path
from typing import Any, Final

import torch

from blasr.checkout import version_text

LIBRARIES: Final = (
    "torch", "torchaudio", "numpy", "numba", "llvmlite", "kaldifst", "soundfile", "safetensors", "pyyaml"
)  # fmt: skip
"""The required packages whose versions a report needs."""
CPU_FEATURES: Final = (
    "avx2", "fma", "avx512f", "avx512_bf16", "avx512_vnni", "avx_vnni", "amx_tile", "amx_bf16", "amx_int8",
    "asimd", "bf16", "i8mm", "sve",
)  # fmt: skip
"""The instruction sets that decide the speed of float32, bfloat16 and int8, by their names in ``/proc/cpuinfo``."""
_CPU_INFO: Final = Path("/proc/cpuinfo")


def versions() -> dict[str, str]:
    """Return the versions of blasr, Python, the operating system and the required libraries; "absent" if missing."""
    return {
        "blasr": version_text(),
        "python": platform.python_version(),
        "system": platform.platform(),
        **{name: package_version(name) or "absent" for name in LIBRARIES},
    }


def package_version(package: str) -> str | None:
    """Return the version of an installed package, None if it is not installed."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def processor() -> dict[str, Any]:
    """Return the model, the cores that this process may use, its instruction sets, and torch's choices."""
    lines = _CPU_INFO.read_text(encoding="utf-8").splitlines() if _CPU_INFO.is_file() else []
    flags = set(_value(lines, ("flags", "Features")).split())
    return {
        "model": _value(lines, ("model name",)) or platform.processor() or platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "load": [round(load, 2) for load in os.getloadavg()],
        "features": [name for name in CPU_FEATURES if name in flags],
        "torch capability": torch.backends.cpu.get_cpu_capability(),
        "torch threads": torch.get_num_threads(),
    }


def memory_gib() -> float:
    """Return the physical memory in GiB."""
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1)


def gpus() -> list[dict[str, Any]]:
    """Return name, memory in GiB and compute capability of every GPU that torch can use."""
    found = []
    for number in range(torch.cuda.device_count() if torch.cuda.is_available() else 0):
        properties = torch.cuda.get_device_properties(number)
        found.append(
            {
                "name": properties.name,
                "memory GiB": round(properties.total_memory / 2**30, 1),
                "capability": f"{properties.major}.{properties.minor}",
            }
        )
    return found


def _value(lines: Iterable[str], names: tuple[str, ...]) -> str:
    """Return the value of the first line ``name : value`` with one of the names."""
    for line in lines:
        name, colon, value = line.partition(":")
        if colon and name.strip() in names:
            return value.strip()
    return ""
