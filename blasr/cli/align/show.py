"""``blasr align plot`` and ``blasr align export``: alignments as pictures, TextGrid files and CTM files."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from blasr.cli.options import add_option, add_yes_no
from blasr.cli.parser import Command
from blasr.errors import ConfigError

if TYPE_CHECKING:
    from blasr.align import AlignmentTimer
    from blasr.data import DataDir
    from blasr.io.nist import CtmWord

PLOT_EXAMPLES = (
    "blasr align plot --gmm exp/tri --data data/train --lang data/lang --utterance fash-an251 --out fash-an251.png",
)
EXPORT_EXAMPLES = (
    "blasr align export --gmm exp/tri --data data/train --lang data/lang --out exp/tri/times",
    "blasr align export --gmm exp/tri --data data/train --lang data/lang --textgrids --out exp/tri/praat",
)


def _add_inputs(parser: argparse.ArgumentParser) -> None:
    add_option(parser, "--gmm", required=True, note="and ali.*.gz, as blasr align or Kaldi writes them")
    add_option(parser, "--data", required=True, note="with transcripts")
    add_option(parser, "--lang", required=True, note="the one of the alignments")
    add_option(parser, "--allow-pipes")


def _read(args: argparse.Namespace) -> tuple[AlignmentTimer, DataDir]:
    from blasr.align import AlignmentTimer
    from blasr.data import DataDir
    from blasr.graph import Lang

    timer = AlignmentTimer(args.gmm, Lang.read(args.lang))
    return timer, DataDir.read(args.data, need_text=True, allow_pipes=args.allow_pipes)


def _configure_plot(parser: argparse.ArgumentParser) -> None:
    _add_inputs(parser)
    parser.add_argument("--utterance", metavar="ID", required=True, help="the utterance to draw")
    add_option(parser, "--out", required=True, note="a name in .png; long utterances get .1.png, .2.png, ...")


def _plot(args: argparse.Namespace) -> None:
    if args.out.suffix.lower() != ".png":
        raise ConfigError(f"found --out {args.out}, expected a name that ends in .png")
    from blasr.align import draw_alignment, read_aligned_speech
    from blasr.pictures import require_matplotlib
    from blasr.tally import Tally

    require_matplotlib()
    timer, data = _read(args)
    for aligned in read_aligned_speech(timer, data, Tally("align plot", 0.0), only=(args.utterance,)):
        for path in draw_alignment(aligned, timer, data, args.out):
            print(f"written: {path}")


def _configure_export(parser: argparse.ArgumentParser) -> None:
    _add_inputs(parser)
    add_option(parser, "--out", required=True, note="a directory that receives words.ctm and phones.ctm")
    add_yes_no(parser, "--textgrids", "also write UTTERANCE.TextGrid for Praat, with the tiers words and phones")
    add_option(parser, "--max-loss")


def _export(args: argparse.Namespace) -> None:
    from blasr.align import phone_rows, read_aligned_speech, word_rows, write_aligned_textgrid
    from blasr.io.nist import write_ctm
    from blasr.tally import Tally

    timer, data = _read(args)
    tally = Tally("align export", args.max_loss)
    words: list[CtmWord] = []
    phones: list[CtmWord] = []
    for aligned in read_aligned_speech(timer, data, tally):
        words += word_rows(aligned, data)
        phones += phone_rows(aligned, data)
        if args.textgrids:
            write_aligned_textgrid(aligned, args.out)
    print(tally.summary())
    for name, rows in (("words", words), ("phones", phones)):
        path: Path = args.out / f"{name}.ctm"
        print(f"{path}: {write_ctm(path, rows)} {name}")


COMMANDS = {
    "plot": Command(
        "the spectrogram of an utterance with its aligned phones and words", PLOT_EXAMPLES, _configure_plot, _plot
    ),
    "export": Command(
        "the times of all words and phones: CTM, Praat's TextGrid", EXPORT_EXAMPLES, _configure_export, _export
    ),
}
