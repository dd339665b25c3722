"""Plain text as Markdown: what it shows is what the text says."""

from __future__ import annotations

import pytest
from markdown_it import MarkdownIt

from docs.extensions.markdown import block, code, escape, prose, table


@pytest.mark.parametrize(
    "text", ["ali.*.gz and a_b_c", "[noise] <unk> {x}", "2 * 3 * 4 # no", "lang -> HCLG", "a|b ~c~ $x$", "C:\\x ^2"]
)
def test_plain_text_stays(text: str) -> None:
    rendered = MarkdownIt("commonmark").render(escape(text))
    expected = text.replace("<", "&lt;").replace(">", "&gt;")
    assert rendered == f"<p>{expected}</p>\n"


def test_code_and_roles() -> None:
    assert escape("``a_b`` and `c*d`, see :func:`~blasr.nn.binarize`") == "`a_b` and `c*d`, see `blasr.nn.binarize`"
    assert code("a|b") == "`a\\|b`"
    assert code("") == ""


def test_prose_keeps_blocks() -> None:
    text = "Two\nlines.\n\nexamples:\n  blasr lm a \\\n      --b c\n\n  blasr lm d\n\nA table:\n  x  y\n"
    assert prose(text) == (
        "Two\nlines.\n\nExamples:\n\n"
        + block("bash", "blasr lm a \\\n    --b c\n\nblasr lm d")
        + "\nA table:\n\n"
        + block("text", "x  y")
    )


def test_table() -> None:
    assert table(("a", "b"), [("1", "2")]) == "| a | b |\n| --- | --- |\n| 1 | 2 |\n"
