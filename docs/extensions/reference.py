"""Write the generated pages of the reference before Sphinx reads the site, and make signatures readable."""

from __future__ import annotations

from pathlib import Path
from typing import Any

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


def readable_signature(signature: str) -> str:
    """Return the signature of a dataclass so that Sphinx can parse it and link its types."""
    return signature.replace("<factory>", "...").replace("~", "")


def _on_signature(*event: Any) -> tuple[str, str] | None:
    signature, result = event[-2:]
    return (readable_signature(signature), result) if signature and "<factory>" in signature else None


def _on_member(*event: Any) -> bool | None:
    """Leave out the fields of named tuples, which have no docstrings of their own."""
    return True if type(event[3]).__name__ == "_tuplegetter" else None


def setup(app: Sphinx) -> ExtensionMetadata:
    """Generate the pages as soon as the builder is ready."""
    app.connect("builder-inited", _generate)
    app.connect("autodoc-process-signature", _on_signature)
    app.connect("autodoc-skip-member", _on_member)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
