"""The configuration of the site; `make docs` builds it. docs/project/documentation.md explains the choices."""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT)]  # this checkout's blasr, and docs.extensions

from blasr import __version__  # noqa: E402

project = "blasr"
author = "the authors of blasr"
version = release = __version__
language = "en"

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "docs.extensions.mathml",
    "docs.extensions.reference",
    "docs.extensions.repository_links",
]
if "CI" not in os.environ:  # a page for each module takes a large part of the time and checks nothing
    extensions.append("sphinx.ext.viewcode")
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build"]

myst_enable_extensions = ["alert", "colon_fence", "deflist", "dollarmath", "fieldlist"]
myst_heading_anchors = 4
html_math_renderer = "mathml"  # MathJax would need JavaScript

autodoc_typehints = "signature"
autodoc_member_order = "bysource"
autodoc_default_options = {"members": True}
napoleon_numpy_docstring = False
napoleon_use_ivar = True
viewcode_follow_imported_members = True

html_theme = "furo"
html_title = f"blasr {release}"
html_static_path = ["_static"]
html_css_files = ["contrast.css"]
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False

linkcheck_anchors = False
linkcheck_timeout = 20
linkcheck_retries = 2
linkcheck_ignore = [r"http://127\.0\.0\.1", r"http://localhost", r"https?://([^/]+\.)?example\.org"]
