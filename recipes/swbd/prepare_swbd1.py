"""Kaldi data directory of Switchboard-1 Release 2 (LDC97S62) with the ISIP transcripts of 1998 (ms98).

As Kaldi's ``egs/swbd/s5c/local/swbd1_data_prep.sh``, with its utterance-ids: ``sw02001-A_000098-001156``.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from blasr.errors import FormatError
from blasr.io.nist.times import parse_seconds
from blasr.tally import Tally
from recipes.common.command import run_command
from recipes.swbd.data import Turn, centiseconds, write_conversations
from recipes.swbd.discs import MS98, SWBD1, find_conversations, find_file, find_files
from recipes.swbd.lexicon import read_ms98_lexicon
from recipes.swbd.words import find_acronyms, ms98_words

_SEGMENT = re.compile(r"sw(\d{4})([AB])-ms98-a-\d+")


def read_transcript(path: Path, acronyms: Mapping[str, str], tally: Tally) -> Iterator[Turn]:
    """The turns of a side: lines ``sw2001A-ms98-a-0002 0.977625 11.561375 words``.

    Raises:
        FormatError: with file and line.
    """
    try:
        lines = path.read_text(encoding="latin-1").splitlines()
    except OSError as error:
        raise FormatError(f"cannot be read: {error.strerror}", path=path) from None
    for number, line in enumerate(lines, start=1):
        fields = line.split(maxsplit=3)
        if not fields:
            continue
        match = _SEGMENT.fullmatch(fields[0])
        if match is None or len(fields) < 3:
            message = f"found {line[:60]!r}, expected swNNNNA-ms98-a-NNNN, start, end and words"
            raise FormatError(message, path=path, line=number, fix="copy the transcripts again")
        start, end = (parse_seconds(text, "time", path, number) for text in fields[1:3])
        if end <= start:
            raise FormatError(f"ends at {end:g} s, not after its start at {start:g} s", path=path, line=number)
        words = ms98_words(fields[3] if len(fields) > 3 else "", acronyms)
        if not words:
            tally.drop(fields[0], "silence only")
            continue
        tally.keep()
        conversation, side = f"sw0{match[1]}", match[2]
        times = f"{centiseconds(start)}-{centiseconds(end)}"
        start, end = (int(time) / 100 for time in times.split("-"))  # to 10 ms, as Kaldi's segments are
        yield Turn(f"{conversation}-{side}_{times}", conversation, side, start, end, words)


def prepare(args: argparse.Namespace) -> None:
    """Write ``args.out``.

    Raises:
        DataError: a disc is not there, or too many transcripts lack their audio.
        FormatError: a broken line.
    """
    audio = find_conversations(SWBD1, args.swbd1, args.expanded, args.jobs)
    dictionary = find_file(MS98, [args.ms98], "sw-ms98-dict.text")
    acronyms = find_acronyms(read_ms98_lexicon(dictionary))
    transcripts = find_files(MS98, [args.ms98], "sw*-ms98-a-trans.text")
    tally = Tally("Switchboard transcripts", 1, unit="segments")
    turns = [turn for path in transcripts for turn in read_transcript(path, acronyms, tally)]
    print(tally.summary())
    write_conversations(args.out, turns, audio, max_loss=args.max_loss)


def main() -> None:
    parser = argparse.ArgumentParser(prog="recipes.swbd.prepare_swbd1", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--swbd1", type=Path, nargs="+", required=True, help="LDC97S62, one or more folders")
    parser.add_argument("--ms98", type=Path, required=True, help="swb_ms98_transcriptions")
    parser.add_argument("--expanded", type=Path, required=True, help="for audio that has to be expanded")
    parser.add_argument("--jobs", type=int, default=4, help="processes that expand audio")
    parser.add_argument("--max-loss", type=float, default=0.05, help="share of segments that may lack their audio")
    parser.add_argument("out", type=Path, metavar="OUT", help="the data directory to write")
    run_command(parser, prepare)


if __name__ == "__main__":
    main()
