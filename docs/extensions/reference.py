"""Write the generated pages of the reference before Sphinx reads the site."""

from __future__ import annotations

from pathlib import Path

from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

from docs.extensions import api_pages, command_pages, configuration_pages

GENERATED = (command_pages.FOLDER, configuration_pages.FOLDER, api_pages.FOLDER)
"""The folders of generated pages; git ignores them."""


def write_pages(folder: Path, pages: dict[str, str]) -> list[Path]:
    """Write pages that are new or have changed, and remove those that are no longer generated.

    Args:
        folder: the folder of the site's sources.
        pages: texts by their paths below it.

    Returns:
        the files that were written or removed.
    """
    changed = []
    for generated in GENERATED:
        for path in (folder / generated).rglob("*.md"):
            if path.relative_to(folder).as_posix() not in pages:
                path.unlink()
                changed.append(path)
    for name, text in pages.items():
        path = folder / name
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue  # Sphinx reads only what has changed
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        changed.append(path)
    return changed


def _generate(app: Sphinx) -> None:
    pages = command_pages.command_pages() | configuration_pages.configuration_pages() | api_pages.api_pages()
    write_pages(Path(app.srcdir), pages)


def setup(app: Sphinx) -> ExtensionMetadata:
    """Generate the pages as soon as the builder is ready."""
    app.connect("builder-inited", _generate)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
