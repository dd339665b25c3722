"""The version of blasr, with the commit when it runs from a git checkout."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import blasr

GIT_SECONDS: Final = 10.0
"""How long git may take, for example on a slow network disk."""

SHORT_COMMIT: Final = 7
"""The number of letters of a commit that the version shows."""


@dataclass(frozen=True)
class GitCheckout:
    """The state of a git checkout.

    Attributes:
        commit: the whole name of the commit.
        changed_files: the tracked files that differ from it.
    """

    commit: str
    changed_files: tuple[str, ...]


def version_text() -> str:
    """Return the version: ``0.1.0`` when installed, ``0.1.0 (git 26cdd1e, modified)`` in a changed checkout."""
    checkout = git_checkout()
    if checkout is None:
        return blasr.__version__
    modified = ", modified" if checkout.changed_files else ""
    return f"{blasr.__version__} (git {checkout.commit[:SHORT_COMMIT]}{modified})"


def git_checkout(root: Path | None = None) -> GitCheckout | None:
    """Return the commit of a git checkout, and the tracked files that differ from it.

    Args:
        root: the top of the checkout; by default the folder above the package.

    Returns:
        None if ``root`` is not the top of a checkout, or if git is absent or fails.
    """
    root = root or Path(blasr.__file__).resolve().parents[1]
    top = _git(root, "rev-parse", "--show-toplevel")
    if top is None or Path(top) != root:
        return None
    commit = _git(root, "rev-parse", "HEAD")
    changed = _git(root, "--no-optional-locks", "diff", "--name-only", "HEAD")
    if commit is None or changed is None:
        return None
    return GitCheckout(commit, tuple(changed.splitlines()))


def _git(root: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(root), *arguments], capture_output=True, text=True, timeout=GIT_SECONDS, check=True
        )
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return None
    return done.stdout.strip()
