"""The synthetic corpus: it repeats, its transcripts are exact, test voices are held out, audio is in telephone band."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from blasr.data.data_dir import DataDir
from blasr.errors import DependencyError
from recipes.common.waveforms import read_wav
from recipes.demo import espeak
from recipes.demo.sentences import COMMANDS, DIGITS, sentence
from recipes.demo.synthesize import VOICES

ROOT = Path(__file__).parents[2]
needs_espeak = pytest.mark.skipif(
    importlib.util.find_spec("espeakng_loader") is None, reason="espeakng-loader is not installed (blasr[demo])"
)


def synthesize(out: Path, *options: str) -> None:
    command = [sys.executable, "-m", "recipes.demo.synthesize", "--out", str(out), *options]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=120)


@needs_espeak
def test_speech_repeats_in_fresh_processes() -> None:
    scripts = {
        f"en-us+{voice}": [espeak.Line("dial five, two"), espeak.Line("stop", 190, 60)] for voice in ("f2", "m1")
    }
    first, again = (
        {voice: [item.samples.tobytes() for item in spoken] for voice, spoken in espeak.render(scripts, nj)}
        for nj in (2, 1)
    )
    assert list(first) == list(scripts)
    assert first == again
    assert all(len(set(spoken)) == 2 for spoken in first.values())


@needs_espeak
def test_unknown_voice_is_an_error() -> None:
    with pytest.raises(DependencyError, match="no-such-voice"):
        next(espeak.render({"no-such-voice": [espeak.Line("stop")]}, 1))


def test_missing_synthesizer_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(DependencyError, match=r"pip install 'blasr\[demo\]'"):
        espeak.require_espeak()


def test_voices_of_dev_and_test_are_held_out() -> None:
    voices = [voice for names in VOICES.values() for voice in names]
    assert len(voices) == len(set(voices))


def test_every_word_is_in_the_lexicon() -> None:
    lexicon = {line.split()[0] for line in (ROOT / "recipes" / "demo" / "lexicon.txt").read_text().splitlines()}
    words = {*DIGITS, "dial", *(word for command in COMMANDS for word in command.split())}
    assert words | {"<unk>"} == lexicon
    generator = np.random.default_rng(0)
    assert {word for _ in range(2000) for word in sentence(generator)} == words


@pytest.mark.slow
@needs_espeak
def test_corpus(tmp_path: Path) -> None:
    sizes = ("--train", "2", "--dev", "2", "--test", "2")
    synthesize(tmp_path / "a", *sizes, "--nj", "2")
    synthesize(tmp_path / "b", *sizes, "--nj", "1")
    for name, voices in VOICES.items():
        data = DataDir.read(tmp_path / "a" / name, need_text=True)
        assert set(data.speakers()) == set(voices)
        assert (tmp_path / "a" / name / "text").read_bytes() == (tmp_path / "b" / name / "text").read_bytes()
    for path in (tmp_path / "a" / "wav").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / "wav" / path.name).read_bytes()
        samples = read_wav(path, 8000).astype(float)
        spectrum = np.abs(np.fft.rfft(samples)) ** 2
        frequency = np.fft.rfftfreq(len(samples), 1 / 8000)
        assert spectrum[(frequency > 150) & (frequency < 3600)].sum() > 0.97 * spectrum.sum()
