"""YAML text: repeated keys are found with their lines, and what is not YAML is one error with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from blasr.errors import ConfigError
from blasr.yaml_text import parse_yaml, read_yaml


@pytest.mark.parametrize(
    ("text", "repeated"),
    [
        ("a: 1\nb: 2\na: 3\n", "a: appears twice, on lines 1 and 3"),
        ('a: 1\n"a": 2\n', "a: appears twice, on lines 1 and 2"),
        ("a: 1\na: 2\na: 3\n", "a: appears 3 times, on lines 1, 2 and 3"),
        ("a:\n  b: {c: 1,\n   c: 2}\n", "a.b.c: appears twice, on lines 2 and 3"),
        ("a:\n- b: 1\n- b: 1\n  b: 2\n", "a[1].b: appears twice, on lines 3 and 4"),
        ("&x a: &y {k: 1, k: 1}\nb: *y\n", "a.k: appears twice, on lines 1 and 1"),
    ],
)
def test_repeated_keys_are_found_at_every_depth(text: str, repeated: str) -> None:
    (found,) = parse_yaml(text).repeated
    assert found.startswith(repeated)


def test_a_merged_section_may_be_overridden() -> None:
    document = parse_yaml("base: &base {rate: 1, kind: a}\nother: {<<: *base, rate: 2}\n")
    assert document.repeated == ()
    assert document.value["other"] == {"rate": 2, "kind": "a"}


def test_plain_values_and_an_empty_text() -> None:
    assert parse_yaml("a: [1, 2.5, x, null, true]\n").value == {"a": [1, 2.5, "x", None, True]}
    assert parse_yaml("# nothing\n").value is None


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("a: 1\n\tb: 2\n", 2, "cannot start any token"),
        ("a: 1\nb: \x00\n", 2, r"U\+0000"),
        ("a: 1\n---\nb: 2\n", 2, "another document"),
        ("a: !!python/name:os.system x\n", 1, "could not determine a constructor"),
        ("a: 2020-13-45\n", None, "quote the value"),
        ("[" * 5000, None, "nested too deeply"),
    ],
)
def test_what_is_not_yaml_is_one_error(text: str, line: int | None, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        parse_yaml(text, "x.yaml")
    assert (caught.value.path, caught.value.line) == ("x.yaml", line)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        read_yaml(path)
    path.write_bytes(b"a: \xff\n")
    with pytest.raises(ConfigError, match="is not UTF-8"):
        read_yaml(path)
    path.write_bytes(b"\xef\xbb\xbfa: 1\r\n")
    assert read_yaml(path).value == {"a": 1}
