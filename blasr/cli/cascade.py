"""``blasr cascade``: a little network computes everything, and a big one only what the little one is not sure of."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from blasr.cli.bundle import path_weights
from blasr.cli.columns import numbers_table
from blasr.cli.options import (
    add_option,
    add_yes_no,
    non_negative_integer,
    non_negative_number,
    positive_integer,
)
from blasr.cli.parser import Command, add_commands, examples, run_command
from blasr.cli.search_options import SEARCH_OPTIONS, add_search_options
from blasr.cli.tune import add_reference_options, check_reference_options, read_reference
from blasr.decoding.config import DecoderConfig
from blasr.errors import ConfigError
from blasr.inference.config import CascadeConfig

if TYPE_CHECKING:
    from blasr.pipeline.cascade import CascadeTuneConfig, MeasuredCascade, WordTask

TUNE_EXAMPLES = (
    "blasr cascade tune --little exp/narrow --big exp/bl_resnet22_a2b3 --data data/dev --graph exp/tri_ali/graph \\",
    "    --lang data/lang --max-degradation 0.2 --out exp/cascade",
    "blasr cascade tune --little exp/narrow --big exp/bl_resnet22_a2b3 --data data/dev --unit utterance \\",
    "    --max-degradation 2 --out exp/cascade",
)
EVALUATE_EXAMPLES = (
    "blasr cascade evaluate --experiment exp/cascade --data data/test --graph exp/tri_ali/graph --lang data/lang",
)
OUTPUTS = """\
The little network computes everything. What it is less sure of than the threshold T is computed by the big one, with
its context, and replaces the little one's log-likelihoods (Little-Big, arXiv 2406.17117). Both must have the same tree
and the same features. --out is an experiment directory for dump, decode, tune, bundle and align --experiment; with
--graph and --lang also for transcribe.

"""
CHUNKS = CascadeConfig()
CONFIDENCES = ("max_posterior", "entropy", "lattice")
UNITS = ("window", "chunk", "utterance")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the commands of ``blasr cascade``."""
    parser.epilog = OUTPUTS + examples(*TUNE_EXAMPLES, *EVALUATE_EXAMPLES)
    add_commands(parser, COMMANDS)


def run(args: argparse.Namespace) -> None:
    """Run the chosen command."""
    run_command(args)


def add_choice_options(parser: argparse.ArgumentParser, measure: str) -> None:
    """Add the options of the choice of a threshold that speech and images share.

    Args:
        parser: the parser.
        measure: the error rate.
    """
    parser.add_argument(
        "--max-degradation",
        type=non_negative_number,
        default=0.2,
        metavar="POINTS",
        help=f"largest loss against the big model, in percentage points of the {measure}",
    )
    parser.add_argument(
        "--num-thresholds", type=positive_integer, default=19, metavar="N", help="thresholds to try between the models"
    )
    add_yes_no(parser, "--picture", "also draw the curve, curve.png (needs blasr[pictures])", default=True)


def _configure_tune(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--little", type=Path, required=True, metavar="DIR", help="the experiment of the little network"
    )
    parser.add_argument("--big", type=Path, required=True, metavar="DIR", help="the experiment of the big network")
    add_option(parser, "--out", required=True, note="a new or empty directory, or a cascade, which is replaced")
    add_choice_options(
        parser, "WER; without --graph, of the frames whose likeliest pdf differs from that of the big network"
    )
    parser.add_argument(
        "--confidence", choices=CONFIDENCES, default=CHUNKS.confidence, help="what is compared with the threshold"
    )
    parser.add_argument("--unit", choices=UNITS, default=CHUNKS.unit, help="what is passed on as a whole")
    parser.add_argument(
        "--chunk-frames", type=positive_integer, default=CHUNKS.chunk_frames, metavar="N", help="length of a chunk"
    )
    _add_data_options(parser, "the big one's")


def _configure_evaluate(parser: argparse.ArgumentParser) -> None:
    add_option(parser, "--experiment", required=True, note="here, of a cascade")
    add_option(parser, "--out", note="a directory for curve.csv, curve.png and cascade.json (default: none)")
    parser.add_argument(
        "--num-thresholds", type=positive_integer, default=19, metavar="N", help="thresholds of the curve; with --out"
    )
    add_yes_no(parser, "--picture", "with --out, also draw the curve (needs blasr[pictures])", default=True)
    _add_data_options(parser, "the cascade's")


def _add_data_options(parser: argparse.ArgumentParser, whose: str) -> None:
    add_option(parser, "--data", required=True)
    add_option(parser, "--graph", note="for word errors")
    add_option(parser, "--lang", note="with --graph, for the times of words, and for blasr transcribe")
    add_option(parser, "--model", note="the model that the graph was compiled from (default: the network's)")
    add_reference_options(parser)
    add_option(parser, "--prior-scale", default=None, note=f"default: {whose} tuned one, or 1")
    add_option(parser, "--lm-weight", default=None, note=f"default: {whose} tuned one, or 10")
    add_option(parser, "--word-ins-penalty", default=None, note=f"default: {whose} tuned one, or 0")
    add_option(parser, "--setting", note=f"default: {whose} setting.json, if it exists")
    add_search_options(parser)
    parser.add_argument(
        "--timed-utterances", type=non_negative_integer, default=30, metavar="N", help="utterances to time; 0 for none"
    )
    add_option(parser, "--nj")
    add_option(parser, "--device")
    add_option(parser, "--max-loss")
    add_option(parser, "--allow-pipes")


def _tune(args: argparse.Namespace) -> None:
    _check_word_options(args)
    cascade = CascadeConfig(confidence=args.confidence, unit=args.unit, chunk_frames=args.chunk_frames)
    if args.confidence == "lattice" and args.graph is None:
        raise ConfigError("the confidence of lattices needs a graph", fix="give --graph, or another --confidence")
    from blasr.data.data_dir import DataDir
    from blasr.pipeline.cascade import tune_cascade
    from blasr.pipeline.experiment import Experiment
    from blasr.pipeline.tuned_setting import NetworkChoice

    little = NetworkChoice.resolve(args.little)
    big = NetworkChoice.resolve(args.big, None, args.prior_scale, args.setting)
    config = _config(args, big.prior_scale, max_degradation=args.max_degradation, cascade=cascade)
    measured = tune_cascade(
        Experiment.load(args.little, little.checkpoint),
        Experiment.load(args.big, big.checkpoint),
        DataDir.read(args.data, allow_pipes=args.allow_pipes),
        args.out,
        config,
        _word_task(args, args.big),
    )
    print_choice(measured)


def _evaluate(args: argparse.Namespace) -> None:
    _check_word_options(args)
    from blasr.data.data_dir import DataDir
    from blasr.pipeline.cascade import CascadeExperiment, evaluate_cascade
    from blasr.pipeline.experiment import Experiment
    from blasr.pipeline.tuned_setting import NetworkChoice

    choice = NetworkChoice.resolve(args.experiment, None, args.prior_scale, args.setting)
    experiment = Experiment.load(args.experiment, choice.checkpoint)
    if not isinstance(experiment, CascadeExperiment):
        raise ConfigError("is not a cascade", path=args.experiment, fix="make one with blasr cascade tune")
    data_dir = DataDir.read(args.data, allow_pipes=args.allow_pipes)
    config = _config(args, choice.prior_scale)
    print(describe(evaluate_cascade(experiment, data_dir, config, _word_task(args, args.experiment), args.out)))


def _check_word_options(args: argparse.Namespace) -> None:
    """Refuse options of word errors that exclude each other or lack a graph."""
    check_reference_options(args.stm, args.glm, args.drop)
    given = [name for name in ("lang", "model", "ref", "stm") if getattr(args, name) is not None]
    if args.graph is None and given:
        raise ConfigError(f"--{given[0]} is for word errors, which need a graph", fix="give --graph, or leave it out")


def _config(args: argparse.Namespace, prior_scale: float, **more: Any) -> CascadeTuneConfig:
    from blasr.pipeline.cascade import CascadeTuneConfig

    return CascadeTuneConfig(
        prior_scale=prior_scale,
        num_thresholds=args.num_thresholds,
        timed_utterances=args.timed_utterances,
        picture=args.picture,
        workers=args.nj,
        device=args.device,
        max_loss=args.max_loss,
        **more,
    )


def _word_task(args: argparse.Namespace, experiment: Path) -> WordTask | None:
    if args.graph is None:
        return None
    weights = path_weights(experiment, args.setting, args.lm_weight, args.word_ins_penalty)
    from blasr.pipeline.cascade import WordTask
    from blasr.pipeline.decode_inputs import DecodePaths

    return WordTask(
        DecodePaths(args.graph, lang=args.lang),
        read_reference(args.data, args.ref, args.stm, args.glm, args.drop),
        weights,
        args.model,
        DecoderConfig(**{name: getattr(args, name) for name in SEARCH_OPTIONS}),
    )


def print_choice(measured: MeasuredCascade, unit: str = "utterances") -> None:
    """Print the table, the chosen threshold and the folder."""
    print(describe(measured, unit))
    lost = measured.chosen.total.wer - measured.curve.big.total.wer
    name = measured.curve.measure
    print(f"chosen: threshold {measured.chosen.threshold:.4g}, which loses {lost:.2f} points of the {name}")
    print(f"written: {measured.out}")


def describe(measured: MeasuredCascade, unit: str = "utterances") -> str:
    """Return the table of the cascade and its two models alone, and what it saves, as text."""
    curve, seconds = measured.curve, measured.seconds
    rows = []
    points = [("little", curve.little), ("cascade", measured.chosen), ("big", curve.big)]
    for name, point in points:
        loss = point.loss(curve.big)
        row = [name, f"{point.threshold:.4g}", f"{100 * point.share_passed_on:.1f}", f"{100 * point.macs_share:.1f}"]
        row += [f"{point.total.wer:.2f}", str(point.total.errors), f"{loss.difference:+.2f}"]
        row += [f"{loss.interval.low:+.2f} to {loss.interval.high:+.2f}"]
        rows.append([*row, f"{getattr(seconds, name).wall:.2f}" if seconds else ""])
    header = ["model", "T", "passed on %", "MACs %", f"{curve.measure} %", "errors", "loss", "95% interval", "seconds"]
    lines = [numbers_table(header, rows), f"MACs saved: {100 * (1 - measured.chosen.macs_share):.1f}%"]
    if seconds:
        of = f"of {seconds.inputs} {unit}, scoring only, each the fastest of 3 passes"
        processor = f"processor time saved: {100 * seconds.processor_saved:.1f}%"
        lines.append(f"wall clock saved: {100 * seconds.saved:.1f}%, {processor} ({of})")
    return "\n".join(lines)


COMMANDS = {
    "tune": Command(
        "choose the threshold for a wanted loss on held-out data, and write the cascade",
        TUNE_EXAMPLES,
        _configure_tune,
        _tune,
    ),
    "evaluate": Command(
        "errors, MACs and time of a cascade beside its two networks alone, on other data",
        EVALUATE_EXAMPLES,
        _configure_evaluate,
        _evaluate,
    ),
}
