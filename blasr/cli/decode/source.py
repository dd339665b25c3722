"""Where ``blasr decode`` has its log-likelihoods from: an archive, or a data directory and a trained network."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from blasr.data.data_dir import DataDir
from blasr.decoding.decode_table import check_columns
from blasr.errors import ConfigError
from blasr.hmm.transition_model import TransitionModel
from blasr.inference.dump import check_matrix
from blasr.inference.manifest import check_loglikes, file_entry
from blasr.io.fst import Fst
from blasr.io.kaldi.tables import read_matrices
from blasr.pipeline.dump import DumpOptions, log_likelihoods
from blasr.pipeline.experiment import Experiment
from blasr.pipeline.preflight import check_dump
from blasr.tally import Tally
from blasr.training.distributed import choose_device
from blasr.units import FloatArray

Items = Iterator[tuple[str, FloatArray]]
NETWORK_ONLY = {"experiment": None, "checkpoint": "final", "prior_scale": 1.0, "device": "auto", "allow_pipes": False}
FRAME_SHIFT_SECONDS = 0.01


@dataclass(frozen=True)
class Source:
    """Log-likelihoods to come.

    Attributes:
        name: what they are read from.
        told: the same at length, for the log.
        model: the ``final.mdl`` whose pdfs they are of.
        frame_shift: seconds from row to row.
        items: utterance-ids and matrices; those left out are counted.
    """

    name: str
    told: str
    model: Path
    frame_shift: float
    items: Callable[[Tally], Items]

    def loglikes(self, transitions: TransitionModel, graph: Fst, graph_path: Path, tally: Tally) -> Items:
        """Utterance-ids and matrices, after the first was compared with model and graph.

        Raises:
            DataError: there is none.
            MismatchError: it has another number of columns than the model pdfs.
        """
        return check_columns(self.items(tally), self.name, transitions, self.model, graph, graph_path)


def configure_source(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that --data needs."""
    parser.add_argument("--experiment", type=Path, help="with --data: a trained experiment directory")
    parser.add_argument("--checkpoint", default="final", help="with --data: final, or epochN (default: final)")
    parser.add_argument(
        "--prior-scale", type=float, default=1.0, help="with --data: weight of the log priors (default: 1.0)"
    )
    parser.add_argument("--device", default="auto", help="with --data: auto, cpu, cuda or cuda:N (default: auto)")
    parser.add_argument("--allow-pipes", action="store_true", help="with --data: let commands in wav.scp run")


def open_source(args: argparse.Namespace) -> Source:
    """The log-likelihoods that the arguments name, after what can be compared without computing them.

    Raises:
        ConfigError: arguments that do not go together.
        DataError, MismatchError: the parts are not there, stale, or do not belong together.
    """
    return _from_archive(args) if args.loglikes is not None else _from_data(args)


def _from_archive(args: argparse.Namespace) -> Source:
    for name, default in NETWORK_ONLY.items():
        if getattr(args, name) != default:
            message = f"--{name.replace('_', '-')} is of a network's log-likelihoods, these are computed already"
            raise ConfigError(message, fix="give --data instead of --loglikes, or leave it out")
    if args.model is None:
        raise ConfigError("--loglikes needs the final.mdl that they are of", fix="name it with --model")
    manifest = check_loglikes(args.loglikes, args.model.parent / "tree")

    def items(_: Tally) -> Items:
        matrices = read_matrices(args.loglikes)
        return matrices if manifest is None else manifest.all_read(matrices)

    told = f"log-likelihoods {args.loglikes}"
    return Source(args.loglikes, told, args.model, args.frame_shift or FRAME_SHIFT_SECONDS, items)


def _from_data(args: argparse.Namespace) -> Source:
    if args.experiment is None:
        raise ConfigError("--data has audio, which needs a network", fix="name a trained one with --experiment")
    experiment = Experiment.load(args.experiment, args.checkpoint)
    model = args.model or experiment.final_mdl
    data_dir = DataDir.read(args.data, allow_pipes=args.allow_pipes)
    num_pdfs = check_dump(experiment, model, data_dir)
    options = DumpOptions(args.prior_scale, device=choose_device(args.device))

    def items(tally: Tally) -> Items:
        for utterance, matrix, num_frames in log_likelihoods(experiment, data_dir, options, tally=tally):
            check_matrix(matrix, num_frames, num_pdfs, utterance)
            yield utterance, matrix

    features = experiment.description.features
    shift = args.frame_shift or features.frame_shift_samples / features.sample_rate
    weights = f"{experiment.weights} ({experiment.origin}, SHA-256 {file_entry(experiment.weights)['sha256'][:12]})"
    told = f"data {args.data}, network {weights}, prior scale {args.prior_scale:g}"
    return Source(str(args.data), told, model, shift, items)
