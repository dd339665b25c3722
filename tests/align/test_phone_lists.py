from __future__ import annotations

from pathlib import Path

import pytest

from blasr.align.phone_lists import PhoneLists
from blasr.align.tree_building import Root
from blasr.errors import BlasrError, DataError

FILES = {
    "sets.int": "1\n2 3\n",
    "roots.int": "not-shared not-split 1\nshared split 3 2\n",
    "extra_questions.int": "1\n2 3\n",
    "context_indep.int": "1\n",
    "optional_silence.int": "1\n",
}


def lang(folder: Path, **changes: str | None) -> Path:
    (folder / "phones").mkdir()
    for name, text in {**FILES, **{f"{key}.int": value for key, value in changes.items()}}.items():
        if text is not None:
            (folder / "phones" / name).write_text(text)
    return folder


def test_lists_are_read(tmp_path: Path) -> None:
    lists = PhoneLists.read(lang(tmp_path), 3)
    assert lists.sets == ((1,), (2, 3))
    assert lists.roots == (Root((1,), shared=False, split=False), Root((2, 3)))
    assert lists.extra_questions == ((1,), (2, 3))
    assert lists.context_independent == lists.optional_silence == (1,)
    lists.check((1, 2, 3), tmp_path)


def test_extra_questions_are_optional(tmp_path: Path) -> None:
    assert PhoneLists.read(lang(tmp_path, extra_questions=None), 3).extra_questions == ()


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("sets", None, "cannot be read"),
        ("sets", "", "is empty"),
        ("sets", "1\n2 9\n", r"sets.int:2: found '2 9'"),
        ("sets", "1\n2 x\n", r"sets.int:2: found '2 x'"),
        ("sets", "1\n2 2\n", r"sets.int:2"),
        ("sets", "1 2\n2 3\n", "lists phone 2 more than once"),
        ("roots", "shared sometimes 1\n", "shared sometimes"),
        ("roots", "not-shared split 1\n", "not-shared split"),
        ("roots", "shared split\n", r"roots.int:1"),
    ],
)
def test_errors_in_a_list_name_the_line(tmp_path: Path, name: str, text: str | None, message: str) -> None:
    with pytest.raises(BlasrError, match=message):
        PhoneLists.read(lang(tmp_path, **{name: text}), 3)


def test_a_phone_outside_all_lists_is_refused(tmp_path: Path) -> None:
    lists = PhoneLists.read(lang(tmp_path), 4)
    with pytest.raises(DataError, match="phone 4 of topo is missing"):
        lists.check((1, 2, 3, 4), tmp_path)
