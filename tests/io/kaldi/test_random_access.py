from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from blasr.errors import DataError, FormatError
from blasr.io.kaldi.holders import INT_VECTOR, MATRIX
from blasr.io.kaldi.random_access import RandomAccessTable
from blasr.io.kaldi.table_writer import TableWriter


@pytest.fixture
def table(tmp_path: Path) -> Path:
    for form in ("ark,scp", "ark,t,scp"):
        name = "text" if "t" in form.split(",") else "binary"
        with TableWriter(f"{form}:{tmp_path}/{name}.ark,{tmp_path}/{name}.scp", MATRIX) as writer:
            for number in range(40):
                writer.write(f"u{number * 7 % 40}", np.full((number % 3 + 1, 2), number, np.float32))
    return tmp_path


@pytest.mark.parametrize("specifier", ["scp:binary.scp", "ark:binary.ark", "scp:text.scp", "ark:text.ark"])
@pytest.mark.parametrize("kept", [False, True])
def test_any_order(table: Path, specifier: str, kept: bool) -> None:
    kind, name = specifier.split(":")
    index = table / "index" if kept else None
    for _ in range(2):
        with RandomAccessTable(f"{kind}:{table / name}", MATRIX, index=index) as values:
            assert len(values) == 40
            assert next(iter(values)) == "u0"
            for number in (39, 0, 17, 17, 3):
                key = f"u{number * 7 % 40}"
                assert values[key].tolist() == [[number, number]] * (number % 3 + 1)
            assert "u41" not in values
            with pytest.raises(KeyError):
                values["u41"]
    assert index is None or (index / "starts.npy").exists()


def test_an_index_follows_its_table(table: Path) -> None:
    scp = table / "binary.scp"
    with RandomAccessTable(f"scp:{scp}", MATRIX, index=table / "index") as values:
        assert "new" not in values
    lines = scp.read_text().splitlines()
    scp.write_text(
        "\n".join([lines[0].replace("u0 ", "new "), *lines[1:], f"range {table}/binary.ark:3[0:0,1:1]"]) + "\n"
    )
    with RandomAccessTable(f"scp:{scp}", MATRIX, index=table / "index") as values:
        assert values["new"].tolist() == [[0, 0]]
        assert values["range"].tolist() == [[0]]


def test_many_archives(tmp_path: Path) -> None:
    """More than are kept open at a time."""
    lines = []
    for number in range(20):
        with TableWriter(f"ark,scp:{tmp_path}/{number}.ark,{tmp_path}/{number}.scp", INT_VECTOR) as writer:
            writer.write(f"u{number}", np.array([number]))
        lines.append((tmp_path / f"{number}.scp").read_text())
    (tmp_path / "all.scp").write_text("".join(lines))
    with RandomAccessTable(f"scp:{tmp_path}/all.scp", INT_VECTOR) as values:
        assert [values[f"u{number}"].tolist() for number in [*range(20), 0]] == [[number] for number in [*range(20), 0]]


def test_what_cannot_be_sought(table: Path) -> None:
    (table / "a.ark.gz").write_bytes(gzip.compress((table / "binary.ark").read_bytes()))
    for name in ("a.ark.gz", "-", "cat a |"):
        with pytest.raises(FormatError, match="cannot be sought"):
            RandomAccessTable(f"ark:{table / name if name.endswith('gz') else name}", MATRIX)
    scp = table / "binary.scp"
    scp.write_text(scp.read_text() + scp.read_text().splitlines()[0] + "\n")
    with pytest.raises(DataError, match="utterance u0: the utterance stands there twice"):
        RandomAccessTable(f"scp:{scp}", MATRIX)
