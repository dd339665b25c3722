"""The HTML page of errors."""

from __future__ import annotations

from html.parser import HTMLParser

from blasr.scoring.calibration import Calibration
from blasr.scoring.causes import Cause
from blasr.scoring.error_page import error_page
from tests.scoring.aligned import utterance


class Reader(HTMLParser):
    """Checks that elements are closed in order, and collects links to other files."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.links += [name for name, _ in attrs if name in ("src", "href")]
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_self_contained_and_escapes_words() -> None:
    page = error_page("A & B", [utterance("<unk>:b c:c")], {Cause.SEARCH: 1}, ["a note"])
    reader = Reader()
    reader.feed(page)
    assert (reader.open, reader.links) == ([], [])
    assert "&lt;unk&gt;" in page and "<unk>" not in page and "A &amp; B" in page and "a note" in page
    assert "50.00% word error rate" in page


def test_matrices_and_confidences_are_shown_if_known() -> None:
    words, phones = [utterance("cat:cut a:a")], [utterance("k:k a:u t:t a:a")]
    calibration = Calibration.of([(0.9, False), (0.8, True)])
    page = error_page("A", words, {Cause.UNKNOWN: 1}, phones=phones, calibration=calibration)
    reader = Reader()
    reader.feed(page)
    assert (reader.open, reader.links) == ([], [])
    assert "Which phone was recognized as which" in page and "confidences of 2 words" in page
    assert "phone" not in error_page("A", words, {Cause.UNKNOWN: 1})
