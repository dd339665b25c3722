"""The yesno preparation: Kaldi's split, transcripts from the file names."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from blasr.data.data_dir import DataDir
from blasr.errors import DataError
from recipes.common.waveforms import write_wav
from recipes.yesno.prepare import find_recordings, prepare


def test_first_half_trains_and_second_half_tests(tmp_path: Path) -> None:
    for number in range(7):
        write_wav(tmp_path / "waves_yesno" / f"0_1_0_1_0_{'_'.join(f'{number:03b}')}.wav", np.ones(9, np.int16), 8000)
    prepare(tmp_path, tmp_path / "data")
    train, test = (DataDir.read(tmp_path / "data" / name, need_text=True) for name in ("train", "test"))
    assert [utterance.id[-5:] for utterance in train.utterances] == ["0_0_0", "0_0_1", "0_1_0"]
    assert [utterance.id[-5:] for utterance in test.utterances] == ["0_1_1", "1_0_0", "1_0_1", "1_1_0"]
    assert train.utterances[1].words == ("NO", "YES", "NO", "YES", "NO", "NO", "NO", "YES")


def test_no_recordings(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no recordings"):
        find_recordings(tmp_path)


def test_published_corpus(yesno_dir: Path) -> None:
    items = find_recordings(yesno_dir)
    assert len(items) == 60
    assert all(len(item.words) == 8 for item in items)
