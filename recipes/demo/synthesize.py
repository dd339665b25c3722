"""Synthesize the demo's corpus: telephone digits and commands in many voices, as Kaldi data directories.

All speech is synthetic, made by eSpeak NG. The voices of dev and test are held out of training.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torchaudio import functional

from blasr.cli.options import add_option
from blasr.io.atomic import atomic_open
from recipes.common.command import run_step, step_parser
from recipes.common.data import Item, write_data_dir
from recipes.common.waveforms import Samples, to_int16, write_wav
from recipes.demo.espeak import Line, Speech, render
from recipes.demo.sentences import sentence

RATE = 8000
TELEPHONE_BAND_HZ = (300.0, 3400.0)
SNR_DB = (20.0, 35.0)
PEAK = (0.2, 0.7)  # share of full scale
SILENCE_SECONDS = (0.15, 0.4)
WORDS_PER_MINUTE = (140, 200)
PITCH = (35, 65)
PITCH_RANGE = (30, 70)
LM_SENTENCES = 4000

VOICES = {
    "train": (
        *("m1", "m2", "m3", "m4", "m6", "m8", "f1", "f2", "f3", "Alex", "Alicia", "Andy", "Annie", "Denis", "Gene"),
        *("Hugo", "Jacky", "Lee", "Marco", "Michael", "adam", "belinda", "caleb", "david", "edward", "grandma", "ian"),
    ),
    "dev": ("m5", "f5", "Andrea"),
    "test": ("m7", "f4", "linda", "paul", "steph", "max"),
}

DrawSentence = Callable[[np.random.Generator], tuple[str, ...]]


def script(words: tuple[str, ...], generator: np.random.Generator) -> Line:
    """Draw how a sentence is spoken: its rate and pitch, and the pauses between words."""
    breaks = generator.random(len(words)) < 0.15
    breaks[-1] = False
    text = " ".join(word + "," * bool(pause) for word, pause in zip(words, breaks, strict=True))
    rate, pitch, pitch_range = (int(generator.integers(*span)) for span in (WORDS_PER_MINUTE, PITCH, PITCH_RANGE))
    return Line(text, rate, pitch, pitch_range)


def telephone(speech: Speech, generator: np.random.Generator) -> Samples:
    """Return ``speech`` as heard over a telephone: 8 kHz, 300-3400 Hz, with noise and silence, mu-law coded."""
    signal = functional.resample(torch.from_numpy(speech.samples / np.float32(32768)), speech.rate, RATE)
    signal = signal * (generator.uniform(*PEAK) / float(signal.abs().max()))
    power = float(signal.square().mean())
    silences = (round(RATE * generator.uniform(*SILENCE_SECONDS)) for _ in range(2))
    signal = torch.nn.functional.pad(signal, tuple(silences))
    noise = torch.from_numpy(generator.standard_normal(len(signal)).astype(np.float32))
    signal = signal + noise * (power * 10 ** (-generator.uniform(*SNR_DB) / 10)) ** 0.5
    for _ in range(2):  # 24 dB per octave
        signal = functional.highpass_biquad(signal, RATE, TELEPHONE_BAND_HZ[0])
        signal = functional.lowpass_biquad(signal, RATE, TELEPHONE_BAND_HZ[1])
    decoded = functional.mu_law_decoding(functional.mu_law_encoding(signal.clamp(-1, 1), 256), 256)
    samples: NDArray[np.float32] = decoded.numpy()
    return to_int16(samples * 32767)


def synthesize_sets(
    out: Path, per_voice: Mapping[str, int], language: str, draw_sentence: DrawSentence, *, seed: int, nj: int
) -> None:
    """Write the data directories ``out/train``, ``out/dev`` and ``out/test``.

    Args:
        out: the folder that receives them, and the wav files.
        per_voice: the number of sentences of each voice, for each set.
        language: one of eSpeak NG's languages, such as ``en-us``.
        draw_sentence: draws the words of one sentence.
        seed: seed of the sentences, speaking styles and noise.
        nj: how many processes run at the same time; the output does not depend on it.

    Raises:
        DependencyError: the synthesizer is not installed.
    """
    torch.set_num_threads(1)
    sets = {voice: name for name, voices in VOICES.items() for voice in voices}
    generators = {voice: np.random.default_rng([seed, *voice.encode()]) for voice in sets}
    said = {voice: [draw_sentence(generators[voice]) for _ in range(per_voice[name])] for voice, name in sets.items()}
    scripts = {f"{language}+{voice}": [script(words, generators[voice]) for words in said[voice]] for voice in sets}
    items: dict[str, list[Item]] = {name: [] for name in VOICES}
    for variant, spoken in render(scripts, nj):
        voice = variant.partition("+")[2]
        for number, (words, speech) in enumerate(zip(said[voice], spoken, strict=True)):
            name = f"{voice}-{number:03d}"
            wav = write_wav(out / "wav" / f"{name}.wav", telephone(speech, generators[voice]), RATE)
            items[sets[voice]].append(Item(name, voice, words, wav))
    for name in VOICES:
        write_data_dir(out / name, items[name])


def synthesize(out: Path, train: int, dev: int, test: int, seed: int, nj: int) -> None:
    """Write ``out/train``, ``out/dev``, ``out/test`` and the text of the language model, ``out/lm.txt``.

    Raises:
        DependencyError: the synthesizer is not installed.
    """
    synthesize_sets(out, {"train": train, "dev": dev, "test": test}, "en-us", sentence, seed=seed, nj=nj)
    generator = np.random.default_rng([seed, *b"lm"])
    with atomic_open(out / "lm.txt", "w") as stream:
        stream.writelines(" ".join(sentence(generator)) + "\n" for _ in range(LM_SENTENCES))


def synthesis_parser(name: str, doc: str | None, defaults: Mapping[str, int]) -> argparse.ArgumentParser:
    """Return the parser of a synthetic corpus; ``defaults`` has the number of sentences per voice in each set."""
    parser = step_parser(name, doc)
    add_option(parser, "--out", required=True, note="the folder that receives the data directories")
    for part, number in defaults.items():
        parser.add_argument(
            f"--{part}", type=int, default=number, metavar="N", help=f"{part} sentences per voice (default: {number})"
        )
    add_option(parser, "--seed")
    add_option(parser, "--nj", note="the output does not depend on it")
    return parser


def main() -> None:
    parser = synthesis_parser("recipes.demo.synthesize", __doc__, {"train": 30, "dev": 20, "test": 20})
    run_step(parser, synthesize)


if __name__ == "__main__":
    main()
