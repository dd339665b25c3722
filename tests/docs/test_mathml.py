"""Equations as MathML, with what the pages use."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml

from docs.extensions.mathml import render_block, render_inline
from tests.docs.blocks import ROOT, pages


class Translator:
    """What the renderers use of Sphinx's translator."""

    def __init__(self) -> None:
        self.body: list[str] = []

    def starttag(self, node: nodes.Element, tag: str, **attributes: str) -> str:
        return f"<{tag} class='{attributes['CLASS']}'>"


def test_inline_and_block() -> None:
    translator = Translator()
    with pytest.raises(nodes.SkipNode):
        render_inline(translator, nodes.math("", r"\kappa_t"))  # type: ignore[arg-type]
    assert "<mi>κ</mi>" in translator.body[0]
    with pytest.raises(nodes.SkipNode):
        render_block(translator, nodes.math_block("", r"\frac{a}{b}", number=3))  # type: ignore[arg-type]
    assert "(3)" in translator.body[2]
    assert 'display="block"' in translator.body[3]


@pytest.mark.parametrize("page", pages(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_the_equations_of_a_page(page: Path) -> None:
    text = re.sub(r"```.*?```|`[^`]*`", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for equation in re.findall(r"\$\$(.+?)\$\$|(?<![\\$\w])\$([^$\n]+)\$(?!\w)", text, flags=re.DOTALL):
        assert tex2mathml("".join(equation)).startswith("<math")
