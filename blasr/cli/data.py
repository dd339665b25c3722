"""``blasr data``: what is wrong with a Kaldi data directory, and the files that can be written anew."""

from __future__ import annotations

import argparse
from pathlib import Path

from blasr.errors import DataError
from blasr.io.data_dir import DataDir, check_data_dir


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the subcommand's arguments."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    check = actions.add_parser(
        "check",
        help="print every problem with its line and the fix, or a summary",
        epilog="example: blasr data check data/train --audio",
    )
    check.add_argument("--audio", action="store_true", help="open every audio file: sample rates, truncated files")
    check.add_argument("--need-text", action="store_true", help="every utterance needs a transcript")
    fix = actions.add_parser(
        "fix",
        help="sort the files and write spk2utt anew",
        epilog="example: blasr data fix data/train",
    )
    fix.add_argument("--out", type=Path, metavar="DIR", help="write the files there (default: in place)")
    for action in (check, fix):
        action.add_argument("dir", type=Path, metavar="DIR", help="a Kaldi data directory")
        action.add_argument("--allow-pipes", action="store_true", help="accept commands in wav.scp")
    parser.epilog = "example: blasr data check data/train --audio"


def run(args: argparse.Namespace) -> None:
    """Check or fix a data directory.

    Raises:
        DataError: there are problems (all printed), or some that fixing cannot mend.
    """
    if args.action == "check":
        _check(args)
    else:
        _fix(args)


def _check(args: argparse.Namespace) -> None:
    problems = check_data_dir(args.dir, need_text=args.need_text, allow_pipes=args.allow_pipes, open_audio=args.audio)
    for problem in problems:
        print(problem)
    if problems:
        raise DataError(f"found {len(problems)} problem(s)", path=args.dir, fix="mend what is printed above")
    print(summary(DataDir.read(args.dir, allow_pipes=args.allow_pipes)))


def summary(data: DataDir) -> str:
    """``data/train: 2880 utterances, 6 speakers, 2880 recordings, 0.349 hours (1256.4 s), no transcripts``."""
    transcripts = [utterance.words for utterance in data.utterances if utterance.words is not None]
    seconds = data.seconds()
    parts = [
        f"{len(data)} utterances",
        f"{len(data.speakers())} speakers",
        f"{len(data.recordings)} recordings",
        f"{seconds / 3600:.3g} hours ({seconds:.1f} s)",
        f"{len(transcripts)} transcripts of {sum(map(len, transcripts))} words" if transcripts else "no transcripts",
    ]
    return f"{data.path}: {', '.join(parts)}"


def _fix(args: argparse.Namespace) -> None:
    out = args.out or args.dir
    has_text = (args.dir / "text").exists()
    data = DataDir.read(args.dir, need_text=has_text, allow_pipes=args.allow_pipes)
    data.write(out)
    print(f"{out}: wrote {len(data)} utterances, sorted, and spk2utt")
