"""The generated pages: written when they are new or different, removed when they are gone."""

from __future__ import annotations

import ast
from pathlib import Path

from docs.extensions.reference import readable_signature, write_pages


def test_only_changes_are_written(tmp_path: Path) -> None:
    pages = {"reference/cli/a.md": "A", "reference/cli/b.md": "B"}
    assert len(write_pages(tmp_path, pages)) == 2
    assert write_pages(tmp_path, pages) == []
    (tmp_path / "reference" / "hand.md").write_text("by hand")
    changed = write_pages(tmp_path, {"reference/cli/a.md": "other"})
    assert [path.name for path in changed] == ["b.md", "a.md"]
    assert (tmp_path / "reference" / "cli" / "a.md").read_text() == "other"
    assert (tmp_path / "reference" / "hand.md").exists()


def test_signatures_can_be_parsed() -> None:
    signature = readable_signature("(names: dict[str, ~blasr.io.Fst] = <factory>)")
    assert signature == "(names: dict[str, blasr.io.Fst] = ...)"
    ast.parse(f"def f{signature}: ...")
