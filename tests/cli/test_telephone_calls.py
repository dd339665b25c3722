"""Calls of two sides in one mu-law SPHERE file give what the same audio gives as one wave file for each utterance."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from blasr.cli.main import main
from blasr.data import DataDir, check_data_dir, open_data_dir
from blasr.features import FeatureExtractor
from blasr.features.config import FeatureConfig
from blasr.io import read_matrices
from tests.io.sphere_files import sphere_bytes
from tests.pipeline.systems import System, system

__all__ = ["system"]  # a fixture

RATE = 8000
SIDES = "AB"
Rows = list[tuple[str, str, int, float, float]]
"""Utterance, call, side, start and end of every utterance."""


@pytest.fixture
def calls(fsdd_dir: Path, tmp_path: Path) -> Rows:
    """Two calls of real digits: each side says other ones at other times, and is silent in between."""
    rows: Rows = []
    for number, speakers in enumerate((("george", "jackson"), ("lucas", "theo"))):
        call = np.zeros((6 * RATE, 2), np.int16)
        for side, speaker in enumerate(speakers):
            place = RATE // 4 + 1700 * side
            for digit in range(4):
                digits, rate = soundfile.read(fsdd_dir / f"{digit}_{speaker}_{10 + number}.wav", dtype="int16")
                assert rate == RATE
                call[place : place + len(digits), side] = digits
                rows.append((f"{speaker}-{digit}", f"call{number}", side, place / RATE, (place + len(digits)) / RATE))
                place += len(digits) + 800
        (tmp_path / f"call{number}.sph").write_bytes(sphere_bytes(call, "ULAW", coding="ulaw", order="1"))
    return sorted(rows)


def write_tables(folder: Path, rows: Rows, tables: dict[str, list[str]]) -> Path:
    folder.mkdir()
    speakers = sorted({row[0].split("-")[0] for row in rows})
    tables["utt2spk"] = [f"{row[0]} {row[0].split('-')[0]}" for row in rows]
    tables["spk2utt"] = [" ".join([name, *(row[0] for row in rows if row[0].startswith(name))]) for name in speakers]
    for name, lines in tables.items():
        (folder / name).write_text("".join(line + "\n" for line in sorted(lines)))
    return folder


def mono_waves(audio: Path, rows: Rows) -> dict[str, list[str]]:
    for name, call, side, start, end in rows:
        samples, _ = soundfile.read(audio / f"{call}.sph", dtype="int16")
        soundfile.write(audio / f"{name}.wav", samples[int(start * RATE) : int(end * RATE), side], RATE)
    return {"wav.scp": [f"{row[0]} {audio}/{row[0]}.wav" for row in rows]}


def channel_column(audio: Path, rows: Rows) -> dict[str, list[str]]:
    return {
        "wav.scp": [f"{call} {audio}/{call}.sph" for call in ("call0", "call1")],
        "segments": [f"{name} {call} {start} {end} {side}" for name, call, side, start, end in rows],
    }


def channel_of_recording(audio: Path, rows: Rows) -> dict[str, list[str]]:
    names = [(call, side) for call in ("call0", "call1") for side in SIDES]
    return {
        "wav.scp": [f"{call}-{side} {audio}/{call}.sph" for call, side in names],
        "reco2file_and_channel": [f"{call}-{side} {call} {side}" for call, side in names],
        "segments": [f"{name} {call}-{SIDES[side]} {start} {end}" for name, call, side, start, end in rows],
    }


def kaldis_recipe(audio: Path, rows: Rows) -> dict[str, list[str]]:
    """As egs/swbd/s5c/local/swbd1_data_prep.sh writes them."""
    tables = channel_of_recording(audio, rows)
    lines = [line.split() for line in tables["wav.scp"]]
    options = {"A": "-f wav -p -c 1", "B": "-f wav -p -c 2"}
    tables["wav.scp"] = [f"{name} sph2pipe {options[name[-1]]} {path} |" for name, path in lines]
    return tables


LAYOUTS = (channel_column, channel_of_recording, kaldis_recipe)
Layout = Callable[[Path, Rows], dict[str, list[str]]]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_training_has_the_same_features(calls: Rows, tmp_path: Path, layout: Layout) -> None:
    config = FeatureConfig(cmvn="utterance")
    expected = DataDir.read(write_tables(tmp_path / "mono", calls, mono_waves(tmp_path, calls)))
    data_dir, utterances = open_data_dir(
        write_tables(tmp_path / "calls", calls, layout(tmp_path, calls)), tmp_path / "table"
    )
    assert check_data_dir(tmp_path / "calls", open_audio=True) == []
    extractors = FeatureExtractor(config, data_dir), FeatureExtractor(config, expected)
    assert len(utterances) == len(expected) == len(calls)
    for utterance in expected.utterances:
        found = extractors[0].network_input(utterances[utterance.id])
        assert torch.equal(found, extractors[1].network_input(utterance)), utterance.id


def test_a_dump_has_the_same_scores(calls: Rows, tmp_path: Path, system: System) -> None:
    scores = []
    for layout in (mono_waves, channel_column, kaldis_recipe):
        data = write_tables(tmp_path / layout.__name__, calls, layout(tmp_path, calls))
        out = tmp_path / f"dump_{layout.__name__}"
        assert main(["dump", "--data", str(data), "--experiment", str(system.experiment), "--out", str(out)]) == 0
        scores.append(dict(read_matrices(out / "loglikes.scp")))
    assert len(scores[0]) == len(calls)
    for other in scores[1:]:
        assert all(np.array_equal(scores[0][name], other[name]) for name in scores[0])
        assert other.keys() == scores[0].keys()
