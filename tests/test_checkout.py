"""The version and the commit of a checkout."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

import blasr
from blasr import checkout
from blasr.checkout import GitCheckout, git_checkout, version_text


def test_the_commit_of_a_checkout(tmp_path: Path) -> None:
    root = tmp_path.resolve() / "checkout"
    (root / "package").mkdir(parents=True)
    assert git_checkout(root) is None
    git = ["git", "-C", str(root), "-c", "user.name=a", "-c", "user.email=a@b"]
    (root / "file").write_text("1")
    for words in (["init", "-q"], ["add", "file"], ["commit", "-q", "-m", "one"]):
        subprocess.run([*git, *words], check=True)
    commit = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()
    assert git_checkout(root) == GitCheckout(commit, ())
    (root / "file").write_text("2")
    (root / "untracked").write_text("3")
    assert git_checkout(root) == GitCheckout(commit, ("file",))
    assert git_checkout(root / "package") is None  # installed somewhere inside another project


def test_without_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert git_checkout(tmp_path) is None
    assert version_text() == blasr.__version__


@pytest.mark.parametrize(("files", "end"), [((), ")"), (("README.md",), ", modified)")])
def test_the_version_has_the_commit(files: tuple[str, ...], end: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkout, "git_checkout", lambda: GitCheckout("26cdd1e94b8a", files))
    assert version_text() == f"{blasr.__version__} (git 26cdd1e{end}"


def test_the_version_is_semantic() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+((a|b|rc)\d+|\.dev\d+)?", blasr.__version__)
