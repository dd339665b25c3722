"""Synthesize the demo's corpus: telephone digits and commands in many voices, as Kaldi data directories.

Nobody speaks here: the voices are eSpeak NG's. Voices of dev and test are held out of training.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torchaudio import functional

from blasr.io.atomic import atomic_open
from recipes.common.command import run_command
from recipes.common.data import Item, write_data_dir
from recipes.common.waveforms import Samples, to_int16, write_wav
from recipes.demo.espeak import Line, Speech, render
from recipes.demo.sentences import sentence

RATE = 8000
TELEPHONE_BAND_HZ = (300.0, 3400.0)
SNR_DB = (20.0, 35.0)
PEAK = (0.2, 0.7)  # of full scale
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


def script(words: tuple[str, ...], generator: np.random.Generator) -> Line:
    """How a sentence is said: its rate and pitch, and where a speaker of digits takes a breath."""
    breaks = generator.random(len(words)) < 0.15
    breaks[-1] = False
    text = " ".join(word + "," * bool(pause) for word, pause in zip(words, breaks, strict=True))
    rate, pitch, pitch_range = (int(generator.integers(*span)) for span in (WORDS_PER_MINUTE, PITCH, PITCH_RANGE))
    return Line(text, rate, pitch, pitch_range)


def telephone(speech: Speech, generator: np.random.Generator) -> Samples:
    """``speech`` as heard over a telephone: 8 kHz, 300-3400 Hz, some noise and silence around it, mu-law coded."""
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
    out: Path,
    per_voice: Mapping[str, int],
    seed: int,
    jobs: int,
    language: str,
    sentence_of: Callable[[np.random.Generator], tuple[str, ...]],
) -> None:
    """Write ``out/train``, ``out/dev`` and ``out/test``: so many sentences of each voice, in one of eSpeak's languages.

    Raises:
        DependencyError: the synthesizer is not installed.
    """
    torch.set_num_threads(1)
    sets = {voice: name for name, voices in VOICES.items() for voice in voices}
    generators = {voice: np.random.default_rng([seed, *voice.encode()]) for voice in sets}
    said = {voice: [sentence_of(generators[voice]) for _ in range(per_voice[name])] for voice, name in sets.items()}
    scripts = {f"{language}+{voice}": [script(words, generators[voice]) for words in said[voice]] for voice in sets}
    items: dict[str, list[Item]] = {name: [] for name in VOICES}
    for variant, spoken in render(scripts, jobs):
        voice = variant.partition("+")[2]
        for number, (words, speech) in enumerate(zip(said[voice], spoken, strict=True)):
            name = f"{voice}-{number:03d}"
            wav = write_wav(out / "wav" / f"{name}.wav", telephone(speech, generators[voice]), RATE)
            items[sets[voice]].append(Item(name, voice, words, wav))
    for name in VOICES:
        write_data_dir(out / name, items[name])


def synthesize(out: Path, per_voice: Mapping[str, int], seed: int, jobs: int) -> None:
    """Write ``out/train``, ``out/dev``, ``out/test`` and the language model's text ``out/lm.txt``.

    Raises:
        DependencyError: the synthesizer is not installed.
    """
    synthesize_sets(out, per_voice, seed, jobs, "en-us", sentence)
    generator = np.random.default_rng([seed, *b"lm"])
    with atomic_open(out / "lm.txt", "w") as stream:
        stream.writelines(" ".join(sentence(generator)) + "\n" for _ in range(LM_SENTENCES))


def run_synthesis(
    parser: argparse.ArgumentParser,
    per_voice: Mapping[str, int],
    synthesize: Callable[[Path, Mapping[str, int], int, int], None],
) -> None:
    """The command line of a synthesized corpus; ``per_voice`` has the sentences of a voice in each set by default."""
    parser.add_argument("out", type=Path, metavar="OUT", help="where the data directories go")
    for name, number in per_voice.items():
        parser.add_argument(f"--{name}", type=int, default=number, metavar="N", help=f"{name} sentences per voice")
    parser.add_argument("--seed", type=int, default=0, help="of what is said, speaking styles and noise")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes (the output is the same)")
    run_command(
        parser, lambda args: synthesize(args.out, {name: getattr(args, name) for name in VOICES}, args.seed, args.jobs)
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="recipes.demo.synthesize", description=(__doc__ or "").splitlines()[0])
    run_synthesis(parser, {"train": 30, "dev": 20, "test": 20}, synthesize)


if __name__ == "__main__":
    main()
