"""Build the corpora of the rehearsal: SYNTHETIC conversations in the layouts of LDC's discs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch

from blasr.cli.options import add_option
from recipes.common.command import run_step, step_parser
from recipes.demo.synthesize import VOICES
from recipes.swbd.rehearsal.conversations import pair_voices, speak
from recipes.swbd.rehearsal.layouts import write_fisher, write_hub5, write_rt02, write_swbd1


@dataclass(frozen=True)
class RehearsalSize:
    """How many conversations each corpus has.

    Attributes:
        swbd1: conversations of Switchboard-1.
        fisher: conversations of each part of Fisher.
        rt02: conversations of RT-02.
        hub5: conversations of each of SWB and CH in Hub5'00.
        turns: turns of each side of a conversation.
    """

    swbd1: int = 14
    fisher: int = 7
    rt02: int = 3
    hub5: int = 3
    turns: int = 12

    def names(self) -> dict[str, list[str]]:
        """Return the names of the conversations of each corpus."""
        return {
            "swbd1": [str(2001 + i) for i in range(self.swbd1)],
            "fisher1": [f"fe_03_{1 + i:05d}" for i in range(self.fisher)],
            "fisher2": [f"fe_03_{5851 + i:05d}" for i in range(self.fisher)],
            "rt02": [f"sw_{30001 + i}" for i in range(self.rt02)],
            "hub5": [f"sw_{4390 + i}" for i in range(self.hub5)] + [f"en_{4156 + i}" for i in range(self.hub5)],
        }


def build(out: Path, size: RehearsalSize, *, seed: int, nj: int) -> None:
    """Write all discs below ``out``. RT-02, Hub5'00 and the training corpora have no voice in common.

    Args:
        out: the folder of all discs.
        size: how many conversations there are.
        seed: seed of the random numbers.
        nj: how many processes run at the same time; the output does not depend on it.

    Raises:
        DependencyError: the synthesizer is not installed.
    """
    torch.set_num_threads(1)
    names = size.names()
    half = len(VOICES["train"]) // 2
    voices = {
        "swbd1": VOICES["train"],
        "fisher1": VOICES["train"][half:] + VOICES["train"][:half],
        "fisher2": VOICES["train"][::-1],
        "rt02": VOICES["dev"],
        "hub5": VOICES["test"],
    }
    plans = {corpus: pair_voices(names[corpus], voices[corpus], size.turns, seed) for corpus in names}
    spoken = iter(speak([item for some in plans.values() for item in some], seed, nj))
    found = {corpus: [next(spoken) for _ in some] for corpus, some in plans.items()}
    write_swbd1(out, found["swbd1"])
    write_fisher(out, found["fisher1"], 1)
    write_fisher(out, found["fisher2"], 2)
    write_rt02(out, found["rt02"])
    write_hub5(out, found["hub5"])
    for corpus, conversations in found.items():
        minutes = sum(conversation.seconds for conversation in conversations) / 60
        print(f"{corpus}: {len(conversations)} synthetic conversations, {minutes:.1f} minutes")


def main() -> None:
    parser = step_parser("recipes.swbd.rehearsal.build", __doc__)
    add_option(parser, "--out", required=True, note="the folder of all discs")
    default = RehearsalSize()
    for name, text in (
        ("swbd1", "conversations of Switchboard-1"),
        ("fisher", "conversations of each part of Fisher"),
        ("rt02", "conversations of RT-02"),
        ("hub5", "conversations of each of SWB and CH in Hub5'00"),
        ("turns", "turns of each side of a conversation"),
    ):
        help_text = f"{text} (default: %(default)s)"
        parser.add_argument(f"--{name}", type=int, default=getattr(default, name), metavar="N", help=help_text)
    add_option(parser, "--seed")
    add_option(parser, "--nj", note="the output does not depend on it")

    def run(out: Path, seed: int, nj: int, **size: int) -> None:
        build(out, RehearsalSize(**size), seed=seed, nj=nj)

    run_step(parser, run)


if __name__ == "__main__":
    main()
