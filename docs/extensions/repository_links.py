"""Links from a page to files of the repository outside ``docs``, such as a recipe's results.

On a Git server they work as they are. In the site, the file is copied and linked as a download.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final

from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

_LINK: Final = re.compile(r"(?<!!)\[(?P<text>[^\[\]]+)\]\((?P<path>[^()#:\s]+)(?:#[^()\s]*)?\)")


def with_downloads(text: str, page: Path, source: Path) -> str:
    """Return a page with its links to files outside the site as downloads; links to folders become plain text.

    Args:
        text: the Markdown of the page.
        page: the path of the page.
        source: the folder of the site's sources.
    """

    def replace(match: re.Match[str]) -> str:
        target = Path(os.path.normpath(page.parent / match["path"]))
        if target.is_relative_to(source) or not target.exists():
            return match[0]  # Sphinx links pages, and warns about what does not exist
        if target.is_dir():
            return match["text"]
        shown = " ".join(match["text"].replace("`", "").split())
        return f"{{download}}`{shown} <{os.path.relpath(target, page.parent)}>`"

    return _LINK.sub(replace, text)


def _on_source_read(app: Sphinx, docname: str, content: list[str]) -> None:
    source = Path(app.srcdir)
    content[0] = with_downloads(content[0], Path(app.env.doc2path(docname)), source)


def setup(app: Sphinx) -> ExtensionMetadata:
    """Replace the links of every page when it is read."""
    app.connect("source-read", _on_source_read)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
