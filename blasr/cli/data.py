"""``blasr data``: check a Kaldi data directory; fix, cut, join, perturb, pack and draw directories."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from blasr.cli.data_plot import PLOT
from blasr.cli.options import add_option, add_overrides, add_yes_no, positive_integer, words
from blasr.cli.parser import Command, add_commands, examples, run_command
from blasr.errors import DataError

if TYPE_CHECKING:
    from blasr.data import Choice, DataDir, FixReport

EPILOG = """\
The commands write the files that Kaldi's scripts write: check follows utils/validate_data_dir.sh, fix
fix_data_dir.sh, subset subset_data_dir.sh, split split_data.sh, combine combine_data.sh, durations
data/get_utt2dur.sh and get_reco2dur.sh, perturb-speed data/perturb_data_dir_speed_3way.sh (without sox), cmvn
steps/compute_cmvn_stats.sh.

""" + examples(
    "blasr data check data/train --audio",
    "blasr data fix --data data/train",
    "blasr data subset --data data/train --first 1000 --out data/train_1k",
    "blasr data split --data data/test --parts 4",
    "blasr data combine data/train_a data/train_b --out data/train_all",
    "blasr data perturb-speed --data data/train --out data/train_sp",
    "blasr data pack data/train --out /nfs/train",
    "blasr data cmvn data/train --nj 8",
    "blasr data augment data/train --config conf/bl_resnet22_a2b3.yaml --even 10 --out heard",
    "blasr data plot data/train --out train.html",
)
COUNTED_CHOICES: Mapping[Choice, str] = {
    "even": "N utterances, spread evenly",
    "first": "the first N utterances",
    "last": "the last N utterances",
    "shortest": "the N shortest utterances, by utt2num_frames or utt2dur",
    "per-spk": "N utterances of every speaker, spread evenly",
    "speakers": "random whole speakers until there are N utterances (not the speakers that Kaldi's script draws)",
}
NUM_NAMED = 10
"""How many removed utterances are printed for each reason; the others are counted."""
SPEEDS = "0.9,1.0,1.1"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the commands of ``blasr data``."""
    parser.epilog = EPILOG
    add_commands(parser, COMMANDS)


def run(args: argparse.Namespace) -> None:
    """Run the chosen command."""
    run_command(args)


def _configure_check(parser: argparse.ArgumentParser) -> None:
    directory = parser.add_mutually_exclusive_group(required=True)
    directory.add_argument("directory", nargs="?", type=Path, metavar="DIR", help="a Kaldi data directory")
    add_option(directory, "--data", note="the same as DIR")
    add_yes_no(parser, "--audio", "read every audio file: damage, NaN, sample rates, channels, segments beyond the end")
    add_yes_no(parser, "--need-text", "require a transcript for every utterance")
    add_option(parser, "--allow-pipes")


def _check(args: argparse.Namespace) -> None:
    from blasr.data import DataDir, check_data_dir, problem_report

    directory = args.data if args.directory is None else args.directory
    problems = check_data_dir(directory, need_text=args.need_text, allow_pipes=args.allow_pipes, open_audio=args.audio)
    for line in problem_report(problems):
        print(line)
    if problems:
        raise DataError(f"found {len(problems)} problem(s)", path=directory, fix="fix what is printed above")
    print(summary(DataDir.read(directory, allow_pipes=args.allow_pipes)))


def summary(data: DataDir) -> str:
    """Return ``data/train: 2880 utterances, 6 speakers, 2880 recordings, 0.349 hours (1256.4 s), no transcripts``."""
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


def _configure_fix(parser: argparse.ArgumentParser) -> None:
    add_option(parser, "--data", required=True)
    add_option(parser, "--out", note="a directory (default: in place, with the old files in .backup)")


def _fix(args: argparse.Namespace) -> None:
    from blasr.data import check_data_dir, fix_data_dir, problem_report

    out = args.out or args.data
    report = fix_data_dir(args.data, args.out)
    _print_fixes(report, out)
    if args.out is None:
        print(f"the old files are in {args.data / '.backup'}")
    remaining = check_data_dir(out, allow_pipes=True)
    for line in problem_report(remaining):
        print(line)
    if remaining:
        message = f"{len(remaining)} problem(s) remain that sorting and filtering cannot fix"
        raise DataError(message, path=out, fix="fix what is printed above")


def _print_fixes(report: FixReport, out: Path) -> None:
    for note in report.notes:
        print(note)
    by_reason: dict[str, list[str]] = {}
    for utterance, reason in sorted(report.removed.items()):
        by_reason.setdefault(reason, []).append(utterance)
    for reason, utterances in by_reason.items():
        for utterance in utterances[:NUM_NAMED]:
            print(f"removed {utterance}: {reason}")
        if len(utterances) > NUM_NAMED:
            print(f"removed {len(utterances) - NUM_NAMED:,} more: {reason}")
    print(f"{out}: kept {report.kept} utterances, removed {len(report.removed)}")


def _configure_subset(parser: argparse.ArgumentParser) -> None:
    add_option(parser, "--data", required=True)
    add_option(parser, "--out", required=True, note="the data directory to write")
    choice = parser.add_mutually_exclusive_group(required=True)
    for name, text in COUNTED_CHOICES.items():
        choice.add_argument(f"--{name}", type=positive_integer, metavar="N", help=text)
    choice.add_argument(
        "--utt-list", type=Path, metavar="FILE", help="a file of utterance-ids, each the first word of a line"
    )
    choice.add_argument(
        "--spk-list", type=Path, metavar="FILE", help="a file of speaker-ids, each the first word of a line"
    )
    add_option(parser, "--seed", note="for --speakers")


def _subset(args: argparse.Namespace) -> None:
    from blasr.data import subset_by_list, subset_data_dir

    names = args.utt_list or args.spk_list
    if names is not None:
        kept = subset_by_list(args.data, names, args.out, speakers=args.spk_list is not None)
    else:
        counts = {name: getattr(args, name.replace("-", "_")) for name in COUNTED_CHOICES}
        ((choice, count),) = ((name, count) for name, count in counts.items() if count is not None)
        kept = subset_data_dir(args.data, count, args.out, choice, seed=args.seed)
    print(f"{args.out}: {kept} utterances of {args.data}")


def _configure_split(parser: argparse.ArgumentParser) -> None:
    add_option(parser, "--data", required=True, note="the parts go into DIR/splitN/1 to N")
    parser.add_argument("--parts", type=positive_integer, metavar="N", required=True, help="number of parts")
    add_yes_no(parser, "--per-utt", "split speakers too; the parts go into DIR/splitNutt")


def _split(args: argparse.Namespace) -> None:
    from blasr.data import split_data_dir

    parts = split_data_dir(args.data, args.parts, per_utterance=args.per_utt)
    print(f"{args.data}: {len(parts)} parts in {parts[0].parent}")


def _configure_combine(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("sources", type=Path, nargs="+", metavar="DIR", help="Kaldi data directories")
    add_option(parser, "--out", required=True, note="the data directory to write")
    add_yes_no(parser, "--fix", "fix the result", default=True)


def _combine(args: argparse.Namespace) -> None:
    from blasr.data import combine_data_dirs

    _print_fixes(combine_data_dirs(args.out, args.sources, fix=args.fix), args.out)


def _configure_durations(parser: argparse.ArgumentParser) -> None:
    add_option(parser, "--data", required=True)
    add_option(parser, "--max-loss")
    add_option(parser, "--allow-pipes")


def _durations(args: argparse.Namespace) -> None:
    from blasr.data import write_durations

    tally, count, seconds = write_durations(args.data, max_loss=args.max_loss, allow_pipes=args.allow_pipes)
    print(tally.summary())
    print(f"{args.data / 'utt2dur'}: {count} utterances, {seconds / 3600:.3g} hours")


def _configure_perturb(parser: argparse.ArgumentParser) -> None:
    add_option(parser, "--data", required=True)
    add_option(parser, "--out", required=True, note="the data directory to write")
    parser.add_argument("--speeds", type=words, metavar="LIST", default=SPEEDS, help="speed factors")
    add_yes_no(parser, "--always-include-prefix", "add the prefix sp1.0- at the original speed")
    add_yes_no(parser, "--spk-prefix", "give each speed its own speakers", default=True)


def _perturb(args: argparse.Namespace) -> None:
    from blasr.data import perturb_speed

    report = perturb_speed(
        args.data,
        args.out,
        speeds=list(args.speeds),
        always_prefix=args.always_include_prefix,
        speaker_prefix=args.spk_prefix,
    )
    _print_fixes(report, args.out)


def _configure_pack(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("directory", type=Path, metavar="DIR", help="a Kaldi data directory")
    add_option(parser, "--out", required=True, note="the data directory to write, with the shards")
    parser.add_argument(
        "--shard-mb",
        type=positive_integer,
        metavar="N",
        default=1024,
        help="size of a shard in MB (default: %(default)s)",
    )
    add_option(parser, "--max-loss")
    add_option(parser, "--allow-pipes")


def _pack(args: argparse.Namespace) -> None:
    from blasr.data import pack_data_dir

    tally, report = pack_data_dir(
        args.directory,
        args.out,
        shard_bytes=args.shard_mb * 2**20,
        max_loss=args.max_loss,
        allow_pipes=args.allow_pipes,
    )
    print(tally.summary())
    _print_fixes(report, args.out)


def _configure_cmvn(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("directory", type=Path, metavar="DIR", help="a Kaldi data directory")
    add_option(parser, "--out", note="the directory for cmvn.scp, .ark, .json and global_cmvn.stats (default: DIR)")
    parser.add_argument("--config", type=Path, metavar="FILE", help="the configuration of a training; its features")
    add_overrides(parser)
    add_option(parser, "--nj")
    add_option(parser, "--max-loss")
    add_option(parser, "--allow-pipes")


def _cmvn(args: argparse.Namespace) -> None:
    from blasr.config import load_config
    from blasr.features.config import FeatureSection

    if args.config is None:
        features = load_config(FeatureSection, Path(os.devnull), args.overrides).features
    else:
        from blasr.pipeline.config import RunConfig

        features = load_config(RunConfig, args.config, args.overrides).features
    from blasr.data import DataDir
    from blasr.features import write_cmvn

    data_dir = DataDir.read(args.directory, allow_pipes=args.allow_pipes)
    out = args.out or args.directory
    tally = write_cmvn(features, data_dir, out, num_jobs=args.nj, max_loss=args.max_loss)
    print(tally.summary())
    print(f"written: {out / 'cmvn.scp'}")
    if not out.samefile(args.directory):
        print(f"training reads cmvn.scp and cmvn.json in the data directory: cp {out}/cmvn.* {args.directory}")


def _configure_augment(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("directory", type=Path, metavar="DIR", help="a Kaldi data directory")
    add_option(parser, "--out", required=True, note="a new data directory with the changed audio and changes.txt")
    parser.add_argument(
        "--config", type=Path, metavar="FILE", help="the configuration of a training; its features and augmentation"
    )
    add_overrides(parser)
    parser.add_argument("--epoch", type=positive_integer, default=1, metavar="N", help="the epoch of the training")
    parser.add_argument(
        "--even", type=positive_integer, metavar="N", help="only N utterances, spread evenly (default: all)"
    )
    add_option(parser, "--max-loss")
    add_option(parser, "--allow-pipes")


def _augment(args: argparse.Namespace) -> None:
    from blasr.config import load_config
    from blasr.pipeline import AudibleConfig, RunConfig

    if args.config is None:
        config = load_config(AudibleConfig, Path(os.devnull), args.overrides)
    else:
        run = load_config(RunConfig, args.config, args.overrides)
        config = AudibleConfig(run.features, run.augmentation, run.training.seed)
    from blasr.data import DataDir
    from blasr.pipeline import write_augmented

    data_dir = DataDir.read(args.directory, allow_pipes=args.allow_pipes)
    tally = write_augmented(
        config, data_dir, args.out, epoch=args.epoch, num_utterances=args.even, max_loss=args.max_loss
    )
    print(tally.summary())
    print(f"written: {args.out / 'wav.scp'}, {args.out / 'changes.txt'}")


COMMANDS = {
    "check": Command(
        "print every problem with its line and its fix, or a summary",
        ("blasr data check data/train --audio",),
        _configure_check,
        _check,
    ),
    "fix": Command(
        "sort the files, keep only complete utterances, write spk2utt",
        ("blasr data fix --data data/train",),
        _configure_fix,
        _fix,
    ),
    "subset": Command(
        "a part of a directory",
        (
            "blasr data subset --data data/train --first 1000 --out data/train_1k",
            "blasr data subset --data data/train --spk-list speakers.txt --out data/train_few",
        ),
        _configure_subset,
        _subset,
    ),
    "split": Command(
        "equal parts for parallel jobs", ("blasr data split --data data/test --parts 4",), _configure_split, _split
    ),
    "combine": Command(
        "several directories as one",
        ("blasr data combine data/train_a data/train_b --out data/train_all",),
        _configure_combine,
        _combine,
    ),
    "durations": Command(
        "write utt2dur and reco2dur", ("blasr data durations --data data/train",), _configure_durations, _durations
    ),
    "perturb-speed": Command(
        "a directory at several speeds",
        ("blasr data perturb-speed --data data/train --out data/train_sp",),
        _configure_perturb,
        _perturb,
    ),
    "pack": Command(
        "the audio in a few large files, for network disks",
        ("blasr data pack data/train --out /nfs/train --shard-mb 1024",),
        _configure_pack,
        _pack,
    ),
    "cmvn": Command(
        "statistics that normalize each speaker's features, for train, align, dump and tune",
        (
            "blasr data cmvn data/train --config conf/bl_resnet22_a2b3.yaml --nj 8",
            "blasr data cmvn data/dev --set features.sample_rate=16000",
        ),
        _configure_cmvn,
        _cmvn,
    ),
    "augment": Command(
        "the audio that a training hears, as files to listen to",
        (
            "blasr data augment data/train --config conf/bl_resnet22_a2b3.yaml --even 10 --out heard",
            "blasr data augment data/train --set 'augmentation.transforms=[{kind: reverberation}]' --out heard",
        ),
        _configure_augment,
        _augment,
    ),
    "plot": PLOT,
}
