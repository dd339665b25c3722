"""Links to files of the repository become downloads in the site."""

from __future__ import annotations

from pathlib import Path

from docs.extensions.repository_links import with_downloads


def test_links(tmp_path: Path) -> None:
    source = tmp_path / "docs"
    (source / "start").mkdir(parents=True)
    (tmp_path / "recipes").mkdir()
    (tmp_path / "recipes" / "RESULTS.md").touch()
    (source / "faq.md").touch()
    page = source / "start" / "index.md"

    def converted(text: str) -> str:
        return with_downloads(text, page, source)

    assert converted("see [the `table`](../../recipes/RESULTS.md#x).") == (
        "see {download}`the table <../../recipes/RESULTS.md>`."
    )
    assert converted("[the recipes](../../recipes)") == "the recipes"
    unchanged = "[a](../faq.md) [b](https://x.org) [c](../../no.md) [d](#here) ![e](../../recipes/RESULTS.md)"
    assert converted(unchanged) == unchanged
