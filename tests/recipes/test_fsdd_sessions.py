"""Sessions hold every utterance once and one kind of it, and conditions change what they should and nothing else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from recipes.common.data import Item
from recipes.common.waveforms import Samples, read_wav, write_wav
from recipes.fsdd.conditions import SNR_DB, Condition
from recipes.fsdd.sessions import CLEAN_SHARE, SESSION_SIZES, divide, items_of

RATE = 8000
FLAT = (0.0,) * 6


def noise(seconds: float, seed: int = 0, level: float = 1000.0) -> Samples:
    return (level * np.random.default_rng(seed).standard_normal(round(seconds * RATE))).astype(np.int16)


def items(folder: Path, speakers: tuple[str, ...] = ("anna", "bert"), number: int = 250) -> list[Item]:
    wav = write_wav(folder / "x.wav", noise(0.1), RATE)
    return [
        Item(f"{speaker}-0-{index:03d}", speaker, ("ZERO",), wav) for speaker in speakers for index in range(number)
    ]


def test_every_utterance_is_in_one_session(tmp_path: Path) -> None:
    given = items(tmp_path)
    sessions = list(divide("isolated", given, 0))
    assert len(sessions) == 8
    assert all(abs(len(session.items) - SESSION_SIZES["isolated"]) <= 5 for session in sessions)
    found = items_of(sessions)
    assert len({item.id for item in found}) == len(given)
    assert sorted(item.id.replace(f"{item.speaker}-", f"{item.speaker.split('-')[0]}-") for item in found) == sorted(
        item.id for item in given
    )
    assert [item.speaker for item in sorted(found)] == sorted(item.speaker for item in found), "Kaldi's order"
    for speaker in ("anna", "bert"):
        own = [session.clean for session in sessions if session.name.startswith(speaker)]
        assert own.count(True) == max(1, round(CLEAN_SHARE * len(own)))


def test_sessions_depend_on_the_seed_and_their_speaker_only(tmp_path: Path) -> None:
    both = list(divide("isolated", items(tmp_path), 0))
    alone = list(divide("isolated", items(tmp_path, ("bert",)), 0))
    assert [session for session in both if session.name.startswith("bert")] == alone
    assert list(divide("isolated", items(tmp_path, ("bert",)), 1)) != alone


def test_recordings_of_a_session(tmp_path: Path) -> None:
    """Clean sessions keep their files; the others get new ones of the same length, the same ones every time."""
    sessions = list(divide("joined", items(tmp_path, ("anna",), 24), 0))
    for session in sessions:
        first, again = (list(session.recorded(tmp_path / name, RATE)) for name in ("a", "b"))
        assert [item._replace(wav=Path()) for item in first] == [item._replace(wav=Path()) for item in session.items]
        if session.clean:
            assert first == list(session.items)
            continue
        for one, two, original in zip(first, again, session.items, strict=True):
            assert one.wav != original.wav
            assert one.wav.read_bytes() == two.wav.read_bytes()
            assert len(read_wav(one.wav, RATE)) == len(read_wav(original.wav, RATE))
    assert {session.clean for session in sessions} == {True, False}


def test_a_flat_condition_without_noise_changes_nothing() -> None:
    samples = noise(0.5)
    assert np.array_equal(Condition(FLAT, 0.0, 1.0).apply(samples, RATE, np.random.default_rng(0)), samples)


@pytest.mark.parametrize("slope", [0.0, 2.0])
def test_noise_has_its_level_and_slope(slope: float) -> None:
    silence = np.zeros(4 * RATE, np.int16)
    heard = Condition(FLAT, 500.0, slope).apply(silence, RATE, np.random.default_rng(0)).astype(float)
    assert np.sqrt(np.mean(heard**2)) == pytest.approx(500, rel=0.01)
    power = np.abs(np.fft.rfft(heard)) ** 2
    hertz = np.fft.rfftfreq(len(heard), 1 / RATE)
    low, high = (power[(hertz > f) & (hertz < 1.2 * f)].mean() for f in (500, 2000))
    assert 10 * np.log10(low / high) == pytest.approx(slope * 10 * np.log10(4), abs=1)


def test_a_microphone_has_its_response() -> None:
    gains = (0.0, 0.0, 0.0, 6.0, 6.0, 6.0)
    samples = noise(4.0)
    heard = Condition(gains, 0.0, 0.0).apply(samples, RATE, np.random.default_rng(0)).astype(float)
    hertz = np.fft.rfftfreq(len(heard), 1 / RATE)
    ratio = np.abs(np.fft.rfft(heard)) ** 2, np.abs(np.fft.rfft(samples.astype(float))) ** 2
    for band, expected in (((100, 600), 0.0), ((1500, 3900), 6.0)):
        inside = (hertz > band[0]) & (hertz < band[1])
        assert 10 * np.log10(ratio[0][inside].sum() / ratio[1][inside].sum()) == pytest.approx(expected, abs=0.2)


def test_conditions_vary_within_their_ranges() -> None:
    generator = np.random.default_rng(0)
    drawn = [Condition.draw(1000.0, generator) for _ in range(200)]
    snrs = [20 * np.log10(1000 / condition.noise_rms) for condition in drawn]
    assert SNR_DB[0] <= min(snrs) < SNR_DB[0] + 3 and SNR_DB[1] - 3 < max(snrs) <= SNR_DB[1]
    assert len({condition.gains_db for condition in drawn}) == 200
