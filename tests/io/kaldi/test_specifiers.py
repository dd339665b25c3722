from __future__ import annotations

import numpy as np
import pytest

from blasr.errors import FormatError
from blasr.io.kaldi.specifiers import Rspecifier, ScriptEntry, Wspecifier, is_table, select_range


def test_rspecifiers() -> None:
    assert Rspecifier.parse("a.scp") == Rspecifier("scp", "a.scp")
    assert Rspecifier.parse("ark,t:a.scp") == Rspecifier("ark", "a.scp")
    assert Rspecifier.parse("odd:name.ark") == Rspecifier("ark", "odd:name.ark")
    assert Rspecifier.parse("scp,p:a") == Rspecifier("scp", "a", permissive=True)
    with pytest.raises(FormatError, match="names no file"):
        Rspecifier.parse("ark:")
    with pytest.raises(FormatError, match="an archive and a script"):
        Rspecifier.parse("ark,scp:a.ark,a.scp")


def test_wspecifiers() -> None:
    assert Wspecifier.parse("ark:a") == Wspecifier("a")
    assert Wspecifier.parse("a.ark") == Wspecifier("a.ark")
    assert Wspecifier.parse("ark,t:-") == Wspecifier("-", binary=False)
    assert Wspecifier.parse("ark,f,scp:a.ark, b.scp") == Wspecifier("a.ark", "b.scp", flush=True)
    assert Wspecifier.parse("scp,p:a.scp") == Wspecifier(None, "a.scp", permissive=True)
    assert Wspecifier.parse("t,ark:| gzip -c > a.gz") == Wspecifier("| gzip -c > a.gz", binary=False)
    for wrong in ("ark,scp:a.ark", "ark:", "scp:"):
        with pytest.raises(FormatError, match="names no file"):
            Wspecifier.parse(wrong)


def test_tables_are_distinguished_from_files() -> None:
    assert is_table("ark,t:a") and not is_table("c:a.ark") and not is_table("a.scp")


def test_entries_of_script_files() -> None:
    assert ScriptEntry.parse("a.ark:12[3:5,1:2]") == ScriptEntry("a.ark", 12, "3:5,1:2")
    assert ScriptEntry.parse("a:b.ark") == ScriptEntry("a:b.ark")
    assert ScriptEntry.parse("a b.ark:0[:,1:2]") == ScriptEntry("a b.ark", 0, ":,1:2")
    assert ScriptEntry.parse("copy-feats ark:1 - |") == ScriptEntry("copy-feats ark:1 - |")


@pytest.mark.parametrize(
    ("ranges", "expected"),
    [
        ("1:2", [[3, 4, 5], [6, 7, 8]]),
        ("0:0,1:2", [[1, 2]]),
        (":,0:0", [[0], [3], [6], [9]]),
        ("3:6", [[9, 10, 11]]),  # rows may end up to 3 after the last one
    ],
)
def test_ranges_include_both_ends(ranges: str, expected: list[list[int]]) -> None:
    assert select_range(np.arange(12).reshape(4, 3), ranges).tolist() == expected


@pytest.mark.parametrize("ranges", ["0:7", "4:5", "2:1", "0:0,0:3", "0:0,0:0,0:0", "1", "-1:2"])
def test_ranges_outside_the_array_are_refused(ranges: str) -> None:
    with pytest.raises(ValueError, match="does not fit the shape"):
        select_range(np.zeros((4, 3)), ranges)
