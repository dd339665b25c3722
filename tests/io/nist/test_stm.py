"""STM files: the parts of a line, and malformed lines."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from blasr.errors import FormatError
from blasr.io.nist.stm import StmLabel, StmSegment, read_stm

STM = """\
;; CATEGORY "0" "" ""
;; LABEL "O" "Overall" "all of it"
;; LABEL "F0" "Female" ""

sw_1 A sw_1_A 0.5 1.75 <O,F0> it's { a / b c / @ } (uh) -ment
sw_1 B spk 1 2 no labels
sw_1 B spk 2 3
sw_1 B spk 3 4 <O> Ignore_Time_Segment_In_Scoring
"""


def test_segments_and_labels_are_read(tmp_path: Path) -> None:
    path = tmp_path / "ref.stm"
    path.write_text(STM)
    stm = read_stm(path)
    assert stm.labels == (StmLabel("O", "Overall", "all of it"), StmLabel("F0", "Female", ""))
    first, second, empty, ignored = stm.segments
    text = "it's { a / b c / @ } (uh) -ment"
    assert first == StmSegment("sw_1", "A", "sw_1_A", 0.5, 1.75, ("O", "F0"), text)
    assert (first.line, str(first)) == (5, f"sw_1 A sw_1_A 0.5 1.75 <O,F0> {text}")
    assert (second.labels, second.text) == ((), "no labels")
    assert (empty.labels, empty.text, empty.ignored) == ((), "", False)
    assert ignored.ignored


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("sw_1 A spk 1", "found 4 fields"),
        ("sw_1 A spk one 2 word", "the start is 'one'"),
        ("sw_1 A spk 1 -2 word", "the end is '-2'"),
        ("sw_1 A spk 2 1 word", "ends at 1, before its start at 2"),
        ("sw_1 A spk 1 2 { a / b", "a { without its }"),
        ("sw_1 A spk 1 2 a } b", "a } without its {"),
        ("sw_1 A spk 1 2 { a { / } }", "no word between { and }"),
        ("sw_1 A spk 1 2 word{ a / b }", "a { inside a word"),
        ("sw_1 A spk 1 2 (uh", "an unpaired bracket"),
        ("sw_1 A spk 1 2 ((uh))", "an unpaired bracket, or one bracket inside another"),
        ("sw_1 A spk 1 2 ({ a / b })", "a brace inside brackets"),
    ],
)
def test_a_bad_line_is_refused_with_its_number(tmp_path: Path, line: str, message: str) -> None:
    path = tmp_path / "ref.stm"
    path.write_text(f"sw_1 A spk 0 1 fine\n{line}\n")
    with pytest.raises(FormatError) as caught:
        read_stm(path)
    assert f"ref.stm:2: {message}" in str(caught.value).replace("has ", "")


def test_a_file_without_segments_is_refused(tmp_path: Path) -> None:
    (tmp_path / "ref.stm").write_text(";; nothing\n")
    with pytest.raises(FormatError, match="has no segments"):
        read_stm(tmp_path / "ref.stm")
    with pytest.raises(FormatError, match="cannot be read"):
        read_stm(tmp_path / "none.stm")


def test_overlapping_segments_of_one_channel_are_counted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "ref.stm"
    lines = ["r A a 2 4 x", "r B b 0 9 x", "r A a 0 2 x", "r A c 3 5 x", "R a c 1 1.5 x", "r A d 5 5 x"]
    path.write_text("\n".join(lines))
    with caplog.at_level(logging.WARNING):
        assert len(read_stm(path).segments) == 6
    assert "ref.stm: 2 of 6 segments begin before another segment of their channel ends (lines 4, 5); first R a: " in (
        caplog.text
    )
    assert "0 to 2 s on line 3 and 1 to 1.5 s on line 5" in caplog.text


def test_segments_that_follow_each_other_do_not_overlap(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "ref.stm").write_text(STM)
    with caplog.at_level(logging.WARNING):
        read_stm(tmp_path / "ref.stm")
    assert not caplog.text


def test_a_byte_order_mark_is_not_part_of_the_recording(tmp_path: Path) -> None:
    (tmp_path / "ref.stm").write_bytes(b"\xef\xbb\xbfr 1 s 0.0 2.0 hello\r\nr 1 s 2.0 3.0 world\r\n")
    first, second = read_stm(tmp_path / "ref.stm").segments
    assert (first.recording, first.text) == (second.recording, "hello")
