"""``blasr data``: what is wrong with a Kaldi data directory, and the tools that mend, part, join and perturb one."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Callable
from pathlib import Path

from blasr.data.combine import combine_data_dirs
from blasr.data.data_dir import DataDir, check_data_dir
from blasr.data.durations import write_durations
from blasr.data.fix import FixReport, fix_data_dir
from blasr.data.perturb import SPEEDS, perturb_speed
from blasr.data.subset import split_data_dir, subset_by_list, subset_data_dir
from blasr.errors import ConfigError, DataError

logger = logging.getLogger(__name__)

EPILOG = """\
The actions give the files that Kaldi's scripts give: check as utils/validate_data_dir.sh, fix as fix_data_dir.sh,
subset as subset_data_dir.sh, split as split_data.sh, combine as combine_data.sh, durations as data/get_utt2dur.sh
and get_reco2dur.sh, perturb-speed as data/perturb_data_dir_speed_3way.sh (without sox).

examples:
  blasr data check data/train --audio
  blasr data fix data/train
  blasr data subset --first data/train 1000 data/train_1k
  blasr data split data/test 4
  blasr data combine data/train_all data/train_a data/train_b
  blasr data perturb-speed data/train data/train_sp
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the subcommand's arguments."""
    parser.epilog = EPILOG
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)

    def add(name: str, text: str, example: str, act: Callable[[argparse.Namespace], None]) -> argparse.ArgumentParser:
        action = actions.add_parser(name, help=text, description=text, epilog=f"example: blasr data {example}")
        action.set_defaults(act=act)
        return action

    check = add("check", "print every problem with its line and the fix, or a summary", "check data/train", _check)
    check.add_argument("dir", type=Path, metavar="DIR", help="a Kaldi data directory")
    check.add_argument("--audio", action="store_true", help="open every audio file: sample rates, truncated files")
    check.add_argument("--need-text", action="store_true", help="every utterance needs a transcript")

    fix = add("fix", "sort the files, leave only utterances that all have, write spk2utt anew", "fix data/train", _fix)
    fix.add_argument("dir", type=Path, metavar="DIR", help="a Kaldi data directory")
    fix.add_argument("--out", type=Path, metavar="OUT", help="write there (default: in place, old files in .backup)")

    subset = add("subset", "a part of a directory", "subset --per-spk data/train 10 data/train_10each", _subset)
    subset.add_argument("source", type=Path, metavar="SRC")
    subset.add_argument("count", type=int, nargs="?", metavar="N", help="how many utterances; not with a list")
    subset.add_argument("out", type=Path, metavar="DEST")
    choice = subset.add_mutually_exclusive_group()
    for option, text in (
        ("first", "the first N utterances"),
        ("last", "the last N"),
        ("shortest", "the N shortest, by utt2num_frames or utt2dur"),
        ("per-spk", "N of each speaker, from throughout the speaker"),
        ("speakers", "whole speakers at random until there are N utterances; not those that Kaldi draws"),
    ):
        choice.add_argument(f"--{option}", dest="choice", action="store_const", const=option, help=text)
    choice.add_argument("--utt-list", type=Path, metavar="FILE", help="the utterances that its lines begin with")
    choice.add_argument("--spk-list", type=Path, metavar="FILE", help="the speakers that its lines begin with")
    subset.add_argument("--seed", type=int, default=0, help="of --speakers (default: %(default)s)")

    split = add("split", "equal parts for jobs, in DIR/splitN/1 to N", "split data/test 4", _split)
    split.add_argument("dir", type=Path, metavar="DIR", help="a Kaldi data directory")
    split.add_argument("parts", type=int, metavar="N", help="how many")
    split.add_argument("--per-utt", action="store_true", help="cut through speakers (into DIR/splitNutt)")

    combine = add("combine", "several directories as one", "combine data/all data/a data/b", _combine)
    combine.add_argument("out", type=Path, metavar="DEST")
    combine.add_argument("sources", type=Path, nargs="+", metavar="SRC")
    combine.add_argument("--skip-fix", action="store_true", help="do not fix the result")

    durations = add("durations", "write utt2dur and reco2dur", "durations data/train", _durations)
    durations.add_argument("dir", type=Path, metavar="DIR", help="a Kaldi data directory")

    speed = add("perturb-speed", "a directory at 3 speeds", "perturb-speed data/train data/train_sp", _perturb)
    speed.add_argument("source", type=Path, metavar="SRC")
    speed.add_argument("out", type=Path, metavar="DEST")
    speed.add_argument("--speeds", default=",".join(SPEEDS), help="with commas (default: %(default)s)")
    speed.add_argument("--always-include-prefix", action="store_true", help="sp1.0- at the original speed")
    speed.add_argument("--no-spk-prefix", action="store_true", help="keep the speakers the same at all speeds")
    for action in (check, durations):
        action.add_argument("--allow-pipes", action="store_true", help="let commands in wav.scp run")


def run(args: argparse.Namespace) -> None:
    """Do what is asked for.

    Raises:
        ConfigError: numbers or folders that cannot be.
        DataError: there are problems (all printed), or a directory cannot be used.
    """
    args.act(args)


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
    report = fix_data_dir(args.dir, args.out)
    _tell(report, out)
    if args.out is None:
        print(f"the old files are in {args.dir / '.backup'}")
    left = [problem for problem in check_data_dir(out, allow_pipes=True) if problem.fatal]
    for problem in left:
        print(problem)
    if left:
        raise DataError(f"{len(left)} problem(s) are left that sorting and filtering cannot mend", path=out)


def _tell(report: FixReport, out: Path) -> None:
    for note in report.notes:
        print(note)
    for utterance, reason in sorted(report.removed.items()):
        print(f"took out {utterance}: {reason}")
    print(f"{out}: kept {report.kept} utterances, took out {len(report.removed)}")


def _subset(args: argparse.Namespace) -> None:
    names = args.utt_list or args.spk_list
    if (args.count is None) == (names is None):
        raise ConfigError("expected SRC N DEST, or a list and SRC DEST")
    if names is not None:
        kept = subset_by_list(args.source, names, args.out, speakers=args.spk_list is not None)
    else:
        kept = subset_data_dir(args.source, args.count, args.out, args.choice or "even", seed=args.seed)
    print(f"{args.out}: {kept} utterances of {args.source}")


def _split(args: argparse.Namespace) -> None:
    parts = split_data_dir(args.dir, args.parts, per_utterance=args.per_utt)
    print(f"{args.dir}: {len(parts)} parts in {parts[0].parent}")


def _combine(args: argparse.Namespace) -> None:
    _tell(combine_data_dirs(args.out, args.sources, fix=not args.skip_fix), args.out)


def _durations(args: argparse.Namespace) -> None:
    count, seconds = write_durations(args.dir, allow_pipes=args.allow_pipes)
    print(f"{args.dir / 'utt2dur'}: {count} utterances, {seconds / 3600:.3g} hours")


def _perturb(args: argparse.Namespace) -> None:
    report = perturb_speed(
        args.source,
        args.out,
        speeds=args.speeds.split(","),
        always_prefix=args.always_include_prefix,
        speaker_prefix=not args.no_spk_prefix,
    )
    _tell(report, args.out)
