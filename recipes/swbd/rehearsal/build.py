"""Build the rehearsal's corpora: SYNTHETIC conversations in the layouts of LDC's discs."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import torch

from recipes.common.command import run_command
from recipes.demo.synthesize import VOICES
from recipes.swbd.rehearsal.conversations import pair_voices, speak
from recipes.swbd.rehearsal.layouts import write_fisher, write_hub5, write_rt02, write_swbd1


def build(args: argparse.Namespace) -> None:
    """Write all discs below ``args.out``. Voices of RT-02 and Hub5'00 are not heard in training, nor in each other.

    Raises:
        DependencyError: the synthesizer is not installed.
    """
    torch.set_num_threads(1)
    names = {
        "swbd1": [str(2001 + i) for i in range(args.swbd1)],
        "fisher1": [f"fe_03_{1 + i:05d}" for i in range(args.fisher)],
        "fisher2": [f"fe_03_{5851 + i:05d}" for i in range(args.fisher)],
        "rt02": [f"sw_{30001 + i}" for i in range(args.rt02)],
        "hub5": [f"sw_{4390 + i}" for i in range(args.hub5)] + [f"en_{4156 + i}" for i in range(args.hub5)],
    }
    half = len(VOICES["train"]) // 2
    voices = {
        "swbd1": VOICES["train"],
        "fisher1": VOICES["train"][half:] + VOICES["train"][:half],
        "fisher2": VOICES["train"][::-1],
        "rt02": VOICES["dev"],
        "hub5": VOICES["test"],
    }
    plans = {corpus: pair_voices(names[corpus], voices[corpus], args.turns, args.seed) for corpus in names}
    spoken = iter(speak([item for some in plans.values() for item in some], args.seed, args.jobs))
    found = {corpus: [next(spoken) for _ in some] for corpus, some in plans.items()}
    write_swbd1(args.out, found["swbd1"])
    write_fisher(args.out, found["fisher1"], 1)
    write_fisher(args.out, found["fisher2"], 2)
    write_rt02(args.out, found["rt02"])
    write_hub5(args.out, found["hub5"])
    for corpus, conversations in found.items():
        minutes = sum(conversation.seconds for conversation in conversations) / 60
        print(f"{corpus}: {len(conversations)} synthetic conversations, {minutes:.1f} minutes")


def main() -> None:
    parser = argparse.ArgumentParser(prog="recipes.swbd.rehearsal.build", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("out", type=Path, metavar="OUT", help="the folder for all discs")
    parser.add_argument("--swbd1", type=int, default=14, metavar="N", help="conversations (default: 14)")
    parser.add_argument("--fisher", type=int, default=7, metavar="N", help="of each part (default: 7)")
    parser.add_argument("--rt02", type=int, default=3, metavar="N", help="conversations (default: 3)")
    parser.add_argument("--hub5", type=int, default=3, metavar="N", help="of SWB and CH each (default: 3)")
    parser.add_argument("--turns", type=int, default=12, metavar="N", help="of each side (default: 12)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes (the output is the same)")
    run_command(parser, build)


if __name__ == "__main__":
    main()
