"""Parsing of docstrings for the reference."""

from __future__ import annotations

from docs.extensions.docstrings import beginning, descriptions, first_sentence


class Base:
    """A base: it has keys. Another sentence.

    More text.

    Args:
        first: of the base,
            on two lines.
        second: of the base.
    """


class Derived(Base):
    """One sentence.

    Attributes:
        second, third: of both.

    Raises:
        ValueError: never: really.
    """


class Silent(Base):
    pass


def test_descriptions_are_inherited() -> None:
    assert descriptions(Base) == {"first": "of the base, on two lines.", "second": "of the base."}
    assert descriptions(Derived) == {"first": "of the base, on two lines.", "second": "of both.", "third": "of both."}
    assert descriptions(Silent) == descriptions(Base)


def test_beginnings() -> None:
    assert beginning(Base) == "A base: it has keys. Another sentence.\n\nMore text."
    assert first_sentence(Base) == "A base: it has keys."
    assert beginning(Silent) == ""
    assert first_sentence(without_docstring) == ""


def without_docstring() -> None: ...
