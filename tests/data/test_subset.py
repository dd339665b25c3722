"""Subsets and parts of a data directory; the expected lists are what Kaldi's Perl scripts printed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blasr.data.subset import split_data_dir, subset_by_list, subset_data_dir
from blasr.errors import ConfigError, DataError
from tests.data.data_dirs import FIXED, read, speakers, write

SIZES = {"ann": 7, "bob": 1, "cat": 3, "dan": 4}


def ids(path: Path, name: str = "utt2spk") -> list[str]:
    return [line.split()[0] for line in (path / name).read_text().splitlines()]


@pytest.mark.parametrize(
    ("choice", "count", "expected"),
    [
        ("first", 3, "ann-00 ann-01 ann-02"),
        ("last", 2, "dan-02 dan-03"),
        ("even", 4, "ann-02 ann-06 cat-02 dan-03"),
        ("per-spk", 2, "ann-00 ann-03 bob-00 cat-00 cat-01 dan-00 dan-02"),
        ("shortest", 3, "ann-00 ann-03 cat-02"),
    ],
)
def test_subsets_by_rule(tmp_path: Path, choice: str, count: int, expected: str) -> None:
    source = speakers(tmp_path / "data", SIZES)
    kept = subset_data_dir(source, count, tmp_path / "out", choice)  # type: ignore[arg-type]
    out = tmp_path / "out"
    assert ids(out) == expected.split() and kept == len(expected.split())
    for name in ("wav.scp", "text", "feats.scp", "utt2dur"):
        assert ids(out, name) == expected.split()
    assert ids(out, "cmvn.scp") == ids(out, "spk2utt") == sorted({name[:3] for name in expected.split()})


def test_whole_speakers_at_random(tmp_path: Path) -> None:
    source = speakers(tmp_path / "data", SIZES)
    kept = subset_data_dir(source, 5, tmp_path / "one", "speakers", seed=3)
    assert kept >= 5 and kept == sum(SIZES[name] for name in ids(tmp_path / "one", "spk2utt"))
    subset_data_dir(source, 5, tmp_path / "again", "speakers", seed=3)
    assert read(tmp_path / "one") == read(tmp_path / "again")
    chosen = {tuple(_subset_of_seed(source, tmp_path / str(seed), seed)) for seed in range(12)}
    assert len(chosen) > 1


def _subset_of_seed(source: Path, out: Path, seed: int) -> list[str]:
    subset_data_dir(source, 5, out, "speakers", seed=seed)
    return ids(out, "spk2utt")


def test_subsets_by_list(tmp_path: Path) -> None:
    source = speakers(tmp_path / "data", SIZES)
    names = tmp_path / "names"
    names.write_text("dan-01 more\nann-05\nnobody\n")
    assert subset_by_list(source, names, tmp_path / "a") == 2
    assert ids(tmp_path / "a") == ["ann-05", "dan-01"]
    names.write_text("cat\nbob\n")
    assert subset_by_list(source, names, tmp_path / "b", speakers=True) == 4
    assert ids(tmp_path / "b", "spk2utt") == ["bob", "cat"]
    names.write_text("zoe\n")
    with pytest.raises(DataError, match="none of its 1 speakers"):
        subset_by_list(source, names, tmp_path / "c", speakers=True)


def test_recordings_follow_segments(tmp_path: Path) -> None:
    source = write(tmp_path / "data", FIXED)
    subset_data_dir(source, 1, tmp_path / "out", "last")
    files = read(tmp_path / "out")
    assert files["wav.scp"] == "rec2 cat /x/rec2.wav |\n"
    assert files["reco2file_and_channel"] == "rec2 rec2 A\n"
    assert files["segments"] == "bob-1 rec2 0.5 1.5\n"


@pytest.mark.parametrize("count", [0, 16])
def test_counts_out_of_range_are_refused(tmp_path: Path, count: int) -> None:
    with pytest.raises(ConfigError, match="has 15"):
        subset_data_dir(speakers(tmp_path / "data", SIZES), count, tmp_path / "out", "first")


def test_the_shortest_need_durations(tmp_path: Path) -> None:
    source = speakers(tmp_path / "data", SIZES)
    (source / "utt2dur").unlink()
    with pytest.raises(DataError, match="neither utt2num_frames nor utt2dur"):
        subset_data_dir(source, 2, tmp_path / "out", "shortest")


def test_parts_of_whole_speakers(tmp_path: Path) -> None:
    source = speakers(tmp_path / "data", SIZES)
    parts = split_data_dir(source, 2)
    assert [path.relative_to(source).as_posix() for path in parts] == ["split2/1", "split2/2"]
    assert [ids(path, "spk2utt") for path in parts] == [["ann", "bob"], ["cat", "dan"]]
    assert sorted(read(parts[0])) == sorted(read(source))


def test_parts_of_utterances(tmp_path: Path) -> None:
    source = speakers(tmp_path / "data", SIZES)
    parts = split_data_dir(source, 4, per_utterance=True)
    assert parts[0] == source / "split4utt" / "1"
    assert [len(ids(path)) for path in parts] == [4, 4, 4, 3]
    assert [name for path in parts for name in ids(path)] == ids(source)


def test_parts_that_are_up_to_date_are_not_written_again(tmp_path: Path) -> None:
    source = speakers(tmp_path / "data", SIZES)
    part = split_data_dir(source, 2)[0]
    stamp = (part / "text").stat().st_mtime_ns
    split_data_dir(source, 2)
    assert (part / "text").stat().st_mtime_ns == stamp
    (source / "text").write_text((source / "text").read_text().replace("word", "new"))
    later = (part / "text").stat().st_mtime + 5
    os.utime(source / "text", (later, later))
    split_data_dir(source, 2)
    assert "new" in (part / "text").read_text()
    (source / "utt2dur").unlink()
    split_data_dir(source, 2)
    assert not (part / "utt2dur").exists()


@pytest.mark.parametrize(("sizes", "parts"), [(SIZES, 5), ({"ann": 100, "bob": 1, "cat": 1}, 4), (SIZES, 0)])
def test_numbers_of_parts_that_leave_one_empty_are_refused(tmp_path: Path, sizes: dict[str, int], parts: int) -> None:
    with pytest.raises(ConfigError):
        split_data_dir(speakers(tmp_path / "data", sizes), parts)
    with pytest.raises(ConfigError):
        split_data_dir(tmp_path / "data", 10**4, per_utterance=True)


@given(sizes=st.lists(st.integers(1, 30), min_size=1, max_size=12), parts=st.integers(1, 6))
@settings(max_examples=60, deadline=None)
def test_parts_cover_all_without_overlap(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int], parts: int
) -> None:
    names = {f"s{index:02d}": size for index, size in enumerate(sizes)}
    source = speakers(tmp_path_factory.mktemp("data"), names)
    try:
        folders = split_data_dir(source, parts)
    except ConfigError:
        assert parts > 1  # as in Kaldi, a very uneven directory cannot always be split
        return
    assert [name for folder in folders for name in ids(folder)] == ids(source)
    owners = [set(ids(folder, "spk2utt")) for folder in folders]
    assert sum(map(len, owners)) == len(set().union(*owners)) == len(sizes)
