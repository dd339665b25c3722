"""Synthesise Finnish numerals in many voices, as Kaldi data directories with transcripts and nothing else.

Nobody speaks here: the voices are eSpeak NG's, in those sets and over that telephone line that the demo has too.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import numpy as np
import torch

from recipes.common.command import run_command
from recipes.common.data import Item, write_data_dir
from recipes.common.waveforms import write_wav
from recipes.demo.espeak import render
from recipes.demo.synthesise import RATE, VOICES, script, telephone
from recipes.open_vocabulary.numerals import numeral

WORDS = 3


def synthesise(out: Path, per_voice: dict[str, int], seed: int, jobs: int) -> None:
    """Write ``out/train``, ``out/dev`` and ``out/test``.

    Raises:
        DependencyError: the synthesiser is not installed.
    """
    torch.set_num_threads(1)
    sets = {voice: name for name, voices in VOICES.items() for voice in voices}
    generators = {voice: np.random.default_rng([seed, *voice.encode()]) for voice in sets}
    said = {
        voice: [
            tuple(map(numeral, generators[voice].integers(1000, size=WORDS).tolist())) for _ in range(per_voice[name])
        ]
        for voice, name in sets.items()
    }
    scripts = {f"fi+{voice}": [script(words, generators[voice]) for words in said[voice]] for voice in sets}
    items: dict[str, list[Item]] = {name: [] for name in VOICES}
    for variant, spoken in render(scripts, jobs):
        voice = variant.partition("+")[2]
        for number, (words, speech) in enumerate(zip(said[voice], spoken, strict=True)):
            name = f"{voice}-{number:03d}"
            wav = write_wav(out / "wav" / f"{name}.wav", telephone(speech, generators[voice]), RATE)
            items[sets[voice]].append(Item(name, voice, words, wav))
    for name in VOICES:
        write_data_dir(out / name, items[name])


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="recipes.open_vocabulary.synthesise", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("out", type=Path, metavar="OUT", help="where the data directories go")
    for name, number in (("train", 12), ("dev", 30), ("test", 20)):
        parser.add_argument(f"--{name}", type=int, default=number, metavar="N", help=f"{name} sentences per voice")
    parser.add_argument("--seed", type=int, default=0, help="of numbers, speaking styles and noise")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes (the output is the same)")
    run_command(
        parser, lambda args: synthesise(args.out, {name: getattr(args, name) for name in VOICES}, args.seed, args.jobs)
    )


if __name__ == "__main__":
    main()
