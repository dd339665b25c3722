"""Kaldi data directory of Fisher English parts 1 and 2 (LDC2004S13, 2004T19, 2005S13, 2005T19).

As Kaldi's ``egs/fisher_swbd/s5/local/fisher_data_prep.sh``, with its utterance-ids: ``fe_03_00001-A-000376-000554``.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from blasr.errors import FormatError
from blasr.io.nist.times import parse_seconds
from blasr.tally import Tally
from recipes.common.command import run_command
from recipes.swbd.data import Turn, write_conversations, write_table
from recipes.swbd.discs import FISHER, find_conversations, find_files
from recipes.swbd.words import fisher_words

_LINE = re.compile(r"([0-9.]+)\s+([0-9.]+)\s+([AB]):\s*(.*)")
_FILELIST = re.compile(r"\S+\s+(\d+)\s+([mf])([mf])\b.*")


def read_transcript(path: Path, tally: Tally) -> Iterator[Turn]:
    """The turns of a conversation: lines ``3.76 5.54 A: and i generally prefer`` below the conversation's name.

    Raises:
        FormatError: with file and line.
    """
    name = path.stem.lower()
    try:
        lines = path.read_text(encoding="latin-1").splitlines()
    except OSError as error:
        raise FormatError(f"cannot be read: {error.strerror}", path=path) from None
    if not lines or not re.match(rf"#\s*{name}\.sph", lines[0]):
        message = f"found {(lines or [''])[0][:60]!r}, expected # {name}.sph"
        raise FormatError(message, path=path, line=1, fix="copy the transcripts again")
    for number, line in enumerate(lines[1:], start=2):
        if not line.strip() or line.startswith("#"):
            continue
        match = _LINE.fullmatch(line.strip())
        if match is None:
            message = f"found {line[:60]!r}, expected start, end, A: or B: and words"
            raise FormatError(message, path=path, line=number, fix="copy the transcripts again")
        start, end = (parse_seconds(text, "time", path, number) for text in match.groups()[:2])
        times = f"{int(start * 100.0):06d}-{int(end * 100.0):06d}"  # cut, not rounded, as Kaldi's ids are
        turn_id = f"{name}-{match[3]}-{times}"
        words = fisher_words(match[4])
        if words is None:
            tally.drop(turn_id, "uncertain ((...))")
        elif not words:
            tally.drop(turn_id, "without words")
        elif end <= start:
            tally.drop(turn_id, "not longer than nothing")
        else:
            tally.keep()
            start, end = (int(time) / 100 for time in times.split("-"))
            yield Turn(turn_id, name, match[3], start, end, words)


def read_filelists(paths: Iterable[Path]) -> dict[str, tuple[str, str]]:
    """The sexes, m or f, of both speakers of every call that ``fe_03_p1_filelist.tbl`` and its like name.

    Raises:
        FormatError: with file and line.
    """
    calls = {}
    for path in paths:
        for number, line in enumerate(path.read_text(encoding="latin-1").splitlines(), start=1):
            if not line.strip():
                continue
            match = _FILELIST.fullmatch(line.strip())
            if match is None:
                message = f"found {line[:60]!r}, expected disc, call and the speakers' sexes such as fm"
                raise FormatError(message, path=path, line=number)
            calls[f"fe_03_{match[1]}"] = (match[2], match[3])
    return calls


def check_calls(calls: Collection[str], transcripts: Collection[str], audio: Collection[str]) -> None:
    """Say how many of the calls that the discs list are complete; their loss is judged by the segments."""
    tally = Tally("Fisher calls", 1, unit="calls")
    for call in sorted({*calls, *transcripts}):
        if call not in transcripts:
            tally.drop(call, "without transcript")
        elif call not in audio:
            tally.drop(call, "without audio")
        else:
            tally.keep()
    print(tally.summary())


def prepare(args: argparse.Namespace) -> None:
    """Write ``args.out``.

    Raises:
        DataError: a disc is not there, or too many transcripts lack their audio.
        FormatError: a broken line.
    """
    audio = find_conversations(FISHER, args.fisher, args.expanded, args.jobs)
    transcripts = find_files(FISHER, args.fisher, "fe_03_[0-9][0-9][0-9][0-9][0-9].txt")
    calls = read_filelists(find_files(FISHER, args.fisher, "fe_03_p[12]_filelist.tbl"))
    check_calls(calls, {path.stem.lower() for path in transcripts}, audio)
    tally = Tally("Fisher transcripts", 1, unit="segments")
    turns = [turn for path in transcripts for turn in read_transcript(path, tally)]
    print(tally.summary())
    data = write_conversations(args.out, turns, audio, max_loss=args.max_loss)
    sides = data.speakers()
    sexes = {f"{call}-{side}": sex for call, pair in calls.items() for side, sex in zip("AB", pair, strict=True)}
    write_table(args.out / "spk2gender", {side: sex for side, sex in sexes.items() if side in sides})


def main() -> None:
    parser = argparse.ArgumentParser(prog="recipes.swbd.prepare_fisher", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--fisher", type=Path, nargs="+", required=True, help="the folders of all four corpora")
    parser.add_argument("--expanded", type=Path, required=True, help="for audio that has to be expanded")
    parser.add_argument("--jobs", type=int, default=4, help="processes that expand audio")
    parser.add_argument("--max-loss", type=float, default=0.05, help="share of segments that may lack their audio")
    parser.add_argument("out", type=Path, metavar="OUT", help="the data directory to write")
    run_command(parser, prepare)


if __name__ == "__main__":
    main()
