"""The command line that the preparations of the corpora share, and the report on what they kept and dropped."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from blasr.cli.options import add_option
from blasr.data.data_dir import DataDir
from blasr.tally import Tally
from recipes.common.command import run_step, step_parser
from recipes.swbd.data import Turn, write_conversations
from recipes.swbd.discs import Disc, find_conversations

ReadTurns = Callable[[Tally], Iterable[Turn]]


@dataclass(frozen=True)
class Preparation:
    """The options that all preparations share.

    Attributes:
        out: the data directory to write.
        expanded: the folder for audio files that have to be expanded.
        nj: how many files are expanded at the same time.
        max_loss: the share of segments that may lack their audio.
    """

    out: Path
    expanded: Path
    nj: int
    max_loss: float

    def find_audio(self, disc: Disc, folders: Iterable[Path]) -> dict[str, Path]:
        """Find the audio of ``disc``; see :func:`recipes.swbd.discs.find_conversations`."""
        return find_conversations(disc, folders, self.expanded, self.nj)

    def write(self, title: str, read_turns: ReadTurns, audio: Mapping[str, Path]) -> DataDir:
        """Read the turns, print which were kept and why others were dropped, and write the data directory.

        Args:
            title: what the turns are read from; the report begins with it.
            read_turns: returns the turns and adds each of them to a tally.
            audio: the SPHERE file of each conversation.

        Raises:
            DataError: too many turns have no audio.
        """
        tally = Tally(title, 1, unit="segments")
        turns = list(read_turns(tally))
        print(tally.summary())
        return write_conversations(self.out, turns, audio, max_loss=self.max_loss)


def preparation_parser(name: str, doc: str | None, *, max_loss: float) -> argparse.ArgumentParser:
    """Return a parser with the shared options; the module ``name`` adds the folders of its discs.

    Args:
        name: the module.
        doc: its docstring.
        max_loss: the default of ``--max-loss``.
    """
    parser = step_parser(name, doc)
    add_option(parser, "--out", required=True, note="the data directory to write")
    parser.add_argument(
        "--expanded", type=Path, required=True, metavar="DIR", help="a folder for audio files that have to be expanded"
    )
    add_option(parser, "--nj", note="they expand audio files")
    help_text = f"share of segments that may lack their audio, from 0 to 1 (default: {max_loss:g})"
    parser.add_argument("--max-loss", type=float, default=max_loss, metavar="SHARE", help=help_text)
    return parser


def run_preparation(parser: argparse.ArgumentParser, prepare: Callable[..., None]) -> None:
    """Parse the command line and call ``prepare(preparation, ...)``, with the module's own options as keywords."""

    def run(out: Path, expanded: Path, nj: int, max_loss: float, **discs: object) -> None:
        prepare(Preparation(out, expanded, nj, max_loss), **discs)

    run_step(parser, run)
