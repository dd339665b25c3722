"""Whether a run that was begun may go on under the configuration it is now given."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from blasr.errors import ConfigError
from blasr.training.checkpoint import read_state


def flatten(mapping: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """``section.key`` and value of every leaf of nested mappings."""
    for key, value in mapping.items():
        if isinstance(value, Mapping):
            yield from flatten(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def changes(before: Mapping[str, Any], now: Mapping[str, Any], resumable_keys: Sequence[str] = ()) -> list[str]:
    """``key: before -> now`` for every key that differs, but for those that a pattern of ``resumable_keys`` matches."""
    old, new = dict(flatten(before)), dict(flatten(now))
    return [
        f"{key}: {old.get(key, 'absent')} -> {new.get(key, 'absent')}"
        for key in dict.fromkeys([*old, *new])
        if old.get(key) != new.get(key) and not any(fnmatch.fnmatchcase(key, pattern) for pattern in resumable_keys)
    ]


def check_unchanged(
    before: Mapping[str, Any], now: Mapping[str, Any], resumable_keys: Sequence[str], directory: Path
) -> None:
    """Refuse to go on with another configuration than the run was begun with.

    Raises:
        ConfigError: naming every key that changed.
    """
    changed = changes(before, now, resumable_keys)
    if changed:
        raise ConfigError(
            "holds a run begun with another configuration:\n    " + "\n    ".join(changed),
            path=directory,
            fix="restore these keys to go on with that run, or choose another experiment directory for a new one",
        )


def checkpoint_config(directory: Path) -> dict[str, Any] | None:
    """The configuration that the run in ``directory`` was begun with; None where none was.

    Raises:
        FormatError: its checkpoint cannot be read.
    """
    path = directory / "checkpoints" / "last.safetensors"
    return read_state(path).config if path.exists() else None
