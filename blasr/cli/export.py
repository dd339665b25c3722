"""``blasr export``: a trained network for other runtimes, compared with the original."""

from __future__ import annotations

import argparse
from pathlib import Path

from blasr.cli.options import add_network_options, add_option, positive_integer
from blasr.cli.parser import examples
from blasr.errors import ConfigError
from blasr.inference.config import EXPORT_FORMAT_NAMES, ExportConfig

OUTPUTS = """\
--out receives model.onnx (formats onnx and int8), model.ts (torchscript) or model.pt2 (torch-export), with the input
(B, 3, 64, T), float32: log-mel, delta, delta-delta, normalized; and the output (B, num_pdfs, T - 48): logits. T may
have any length from 49 (torch-export: 50). manifest.json has the hashes of all files, and how equal the networks are
on the utterances of --data. Softmax and priors are left to the caller; priors.vec has the priors.

The directory of an onnx or int8 export is an --experiment for blasr dump, decode, and bundle for transcribe; it runs
through ONNX Runtime, on the CPU. int8 has a scale for each output channel, and is calibrated on utterances of --data.
Needs pip install 'blasr[export]'.

"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``blasr export``."""
    defaults = ExportConfig()
    parser.epilog = OUTPUTS + examples(
        "blasr export exp/bl_resnet22_a2b3 --format onnx --out exp/bl_resnet22_a2b3/onnx",
        "blasr export exp/bl_resnet22_a2b3 --format int8 --data data/dev --graph exp/tri_ali/graph --out int8",
        "blasr dump --experiment int8 --data data/test --out int8_test",
    )
    parser.add_argument("experiment", type=Path, metavar="EXP", help="the directory of a trained network")
    parser.add_argument("--format", choices=EXPORT_FORMAT_NAMES, default=defaults.format, help="of the model")
    add_option(
        parser, "--data", note="real utterances for the comparison and the calibration (default: the training data)"
    )
    add_option(parser, "--graph", note="to compare words too")
    add_option(parser, "--words", note="default: the one next to the graph")
    add_option(parser, "--out", required=True, note="a new or empty directory, or an export, which is replaced")
    add_network_options(parser)
    parser.add_argument(
        "--max-utterances",
        type=positive_integer,
        metavar="N",
        default=defaults.max_utterances,
        help="compare at most so many utterances, spread over --data",
    )
    parser.add_argument(
        "--calibration-utterances",
        type=positive_integer,
        metavar="N",
        default=defaults.calibration_utterances,
        help="calibrate int8 on at most so many utterances, spread over --data",
    )
    add_option(parser, "--allow-pipes")


def run(args: argparse.Namespace) -> None:
    """Export and compare.

    Raises:
        ConfigError: ``--words`` without ``--graph``, or no ``--data`` where the training data are not at hand.
        BlasrError: as :func:`blasr.pipeline.export.export`.
    """
    if args.words is not None and args.graph is None:
        raise ConfigError("--words belongs to a graph", fix="name it with --graph")
    config = ExportConfig(args.format, args.max_utterances, args.calibration_utterances)
    from blasr.data.data_dir import DataDir
    from blasr.pipeline.decode_inputs import DecodePaths
    from blasr.pipeline.experiment import Experiment
    from blasr.pipeline.export import export, training_data
    from blasr.pipeline.tuned_setting import NetworkChoice

    choice = NetworkChoice.resolve(args.experiment, args.checkpoint, args.prior_scale, args.setting)
    parity = export(
        Experiment.load(args.experiment, choice.checkpoint),
        DataDir.read(args.data or training_data(args.experiment), allow_pipes=args.allow_pipes),
        args.out,
        config,
        graph=None if args.graph is None else DecodePaths(args.graph, args.words),
        prior_scale=choice.prior_scale,
    )
    print(parity)
