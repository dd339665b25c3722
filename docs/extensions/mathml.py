"""Equations as MathML, which browsers draw without JavaScript; docutils translates them from LaTeX."""

from __future__ import annotations

from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata
from sphinx.writers.html5 import HTML5Translator


def render_inline(translator: HTML5Translator, node: nodes.Element) -> None:
    """Append an equation in a line of text; :class:`docutils.utils.math.MathError` if docutils cannot read it."""
    translator.body.append(f"<span class='math'>{tex2mathml(node.astext())}</span>")
    raise nodes.SkipNode


def render_block(translator: HTML5Translator, node: nodes.Element) -> None:
    """Append an equation of its own, with its number if it has a label."""
    translator.body.append(translator.starttag(node, "div", CLASS="math"))
    if node["number"]:
        translator.body.append(f"<span class='eqno'>({node['number']})</span>")
    translator.body.append(tex2mathml(node.astext(), as_block=True))
    translator.body.append("</div>\n")
    raise nodes.SkipNode


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register the renderer under the name ``mathml``."""
    app.add_html_math_renderer("mathml", (render_inline, None), (render_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
