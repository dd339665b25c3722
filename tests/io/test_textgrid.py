"""Praat's TextGrid files."""

from __future__ import annotations

import re
from pathlib import Path

from blasr.io.textgrid import write_textgrid

EXPECTED = '''File type = "ooTextFile"
Object class = "TextGrid"

xmin = 0
xmax = 1.5
tiers? <exists>
size = 1
item []:
    item [1]:
        class = "IntervalTier"
        name = "words"
        xmin = 0
        xmax = 1.5
        intervals: size = 3
        intervals [1]:
            xmin = 0
            xmax = 0.25
            text = ""
        intervals [2]:
            xmin = 0.25
            xmax = 1
            text = "say ""a"""
        intervals [3]:
            xmin = 1
            xmax = 1.5
            text = ""
'''


def intervals(path: Path) -> list[list[tuple[float, float, str]]]:
    """Read the tiers again."""
    pattern = re.compile(r'intervals \[\d+\]:\s+xmin = (\S+)\s+xmax = (\S+)\s+text = "((?:[^"]|"")*)"')
    tiers = path.read_text(encoding="utf-8").split("    item [")[1:]
    return [[(float(start), float(end), text) for start, end, text in pattern.findall(tier)] for tier in tiers]


def test_the_long_text_form(tmp_path: Path) -> None:
    write_textgrid(tmp_path / "a.TextGrid", 1.5, {"words": [(0.25, 1.0, 'say "a"')]})
    assert (tmp_path / "a.TextGrid").read_text(encoding="utf-8") == EXPECTED


def test_tiers_cover_the_recording_without_gaps(tmp_path: Path) -> None:
    phones = [(0.0, 0.3, "a"), (0.30000001, 0.6, "b"), (0.55, 0.8, "c"), (0.9, 2.0, "d")]
    write_textgrid(tmp_path / "a.TextGrid", 1.0, {"phones": phones, "words": []})
    first, second = intervals(tmp_path / "a.TextGrid")
    assert first == [(0, 0.3, "a"), (0.3, 0.6, "b"), (0.6, 0.8, "c"), (0.8, 0.9, ""), (0.9, 1.0, "d")]
    assert second == [(0, 1.0, "")]
