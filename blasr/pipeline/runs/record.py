"""Write the record of a training run: the command, versions, git commit and host of every start."""

from __future__ import annotations

import json
import os
import platform
import shlex
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torchaudio

import blasr
from blasr.checkout import git_checkout
from blasr.config import flatten
from blasr.io.atomic import atomic_open
from blasr.pipeline.runs.record_file import RECORD_FILE, read_record
from blasr.training import DistributedContext, last_checkpoint, read_state


def write_record(
    directory: Path, config: Mapping[str, Any], inputs: Mapping[str, Any], distributed: DistributedContext
) -> None:
    """Write ``run.json``, or add this start to the one of an earlier start.

    Args:
        directory: the experiment directory.
        config: the resolved configuration as nested mappings, with ``training.seed``.
        inputs: the data and its fingerprints.
        distributed: the processes that train together.

    Raises:
        FormatError: the record of an earlier start cannot be read.
        DataError: the file cannot be written.
    """
    path = directory / RECORD_FILE
    earlier = read_record(path) if path.is_file() else {}
    start = {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": command_line(sys.argv),
        "directory": str(Path.cwd()),
        "resumes_at": _resumes_at(directory),
        "changed": {**_changes(earlier, "config", config), **_changes(earlier, "inputs", inputs)},
        "versions": versions(),
        "git": _git_entry(),
        "host": host(distributed),
    }
    record = {
        "config": dict(config),
        "seed": config["training"]["seed"],
        "inputs": dict(inputs),
        "starts": [*earlier.get("starts", ()), start],
    }
    with atomic_open(path, "w") as file:
        file.write(json.dumps(record, indent=2, ensure_ascii=False) + "\n")


def command_line(arguments: Sequence[str]) -> str:
    """Return the command of this process as a shell would read it.

    Args:
        arguments: ``sys.argv``. A script called ``blasr`` becomes that name; for anything else, such as
            ``python -m blasr.cli``, the command line of the interpreter is returned.
    """
    if Path(arguments[0]).name == "blasr":
        return shlex.join(["blasr", *arguments[1:]])
    return shlex.join([Path(sys.orig_argv[0]).name, *sys.orig_argv[1:]])


def versions() -> dict[str, str]:
    """Return the versions of blasr, Python and the libraries that compute."""
    return {
        "blasr": blasr.__version__,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "torchaudio": torchaudio.__version__,
        "numpy": np.__version__,
    }


def _git_entry() -> dict[str, Any] | None:
    checkout = git_checkout()
    return None if checkout is None else {"commit": checkout.commit, "changed_files": list(checkout.changed_files)}


def host(distributed: DistributedContext) -> dict[str, Any]:
    """Return the name of this machine and what it computes on."""
    device = distributed.device
    return {
        "name": platform.node(),
        "platform": platform.platform(),
        "cores": len(os.sched_getaffinity(0)),
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else str(device),
        "processes": distributed.world_size,
    }


def _resumes_at(directory: Path) -> dict[str, int] | None:
    """Return the epoch and the number of steps that the run resumes after; None for a new run."""
    path = last_checkpoint(directory)
    if not path.exists():
        return None
    state = read_state(path)
    return {"epoch": state.epoch, "step": state.step}


def _changes(earlier: Mapping[str, Any], part: str, now: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Return before and now of every key that an earlier start had with another value, or did not have."""
    if part not in earlier:
        return {}
    before, after = dict(flatten(earlier[part])), dict(flatten(now))
    return {
        f"{part}.{key}": [before.get(key), after.get(key)]
        for key in dict.fromkeys([*before, *after])
        if before.get(key) != after.get(key)
    }
