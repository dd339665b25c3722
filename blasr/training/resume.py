"""Whether a run may resume with a changed configuration."""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from blasr.config import flatten
from blasr.errors import ConfigError
from blasr.training.checkpoint import read_state


@dataclass(frozen=True)
class RunIdentity:
    """What makes two starts the same run: the configuration, except for the keys that may change in between.

    Args:
        config: nested mappings with everything that the run depends on.
        resumable_keys: patterns of ``section.key`` that may change when the run resumes, such as ``training.device``.
    """

    config: Mapping[str, Any] = field(default_factory=dict)
    resumable_keys: tuple[str, ...] = ()

    def changes(self, before: Mapping[str, Any]) -> list[str]:
        """Return ``key: before -> now`` for every key that has changed but must not."""
        old, new = dict(flatten(before)), dict(flatten(self.config))
        return [
            f"{key}: {old.get(key, 'absent')} -> {new.get(key, 'absent')}"
            for key in dict.fromkeys([*old, *new])
            if old.get(key) != new.get(key)
            and not any(fnmatch.fnmatchcase(key, pattern) for pattern in self.resumable_keys)
        ]

    def check(self, before: Mapping[str, Any], directory: Path) -> None:
        """Check that the run in ``directory``, with the configuration ``before``, may resume.

        Raises:
            ConfigError: names every key that has changed but must not.
        """
        changed = self.changes(before)
        if changed:
            raise ConfigError(
                "contains a run with another configuration:\n    " + "\n    ".join(changed),
                path=directory,
                fix="restore these keys to resume that run, or choose another experiment directory for a new run",
            )


def added_keys(
    before: Mapping[str, Any] | None, defaults: Mapping[str, Any], now: Mapping[str, Any]
) -> tuple[str, ...]:
    """Return the keys that the configuration of an older blasr lacks, and that now have their defaults.

    Args:
        before: the configuration of the run in the directory, None if there is none.
        defaults: a configuration with the defaults.
        now: the configuration of this start.
    """
    if before is None:
        return ()
    old, default, new = (dict(flatten(mapping)) for mapping in (before, defaults, now))
    return tuple(key for key, value in new.items() if key not in old and key in default and default[key] == value)


def last_checkpoint(directory: Path) -> Path:
    """Return the path of the checkpoint that the run in ``directory`` resumes from."""
    return directory / "checkpoints" / "last.safetensors"


def checkpoint_config(directory: Path) -> dict[str, Any] | None:
    """Return the configuration of the run in ``directory``, or None if it has no checkpoint yet.

    Raises:
        FormatError: its checkpoint cannot be read.
    """
    path = last_checkpoint(directory)
    return read_state(path).config if path.exists() else None
