"""``blasr dump``: log-likelihoods of a data directory as Kaldi archives."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from blasr.cli.options import add_network_options, add_option, add_yes_no, check_gmm
from blasr.cli.parser import examples
from blasr.errors import ConfigError

if TYPE_CHECKING:
    from blasr.inference.config import ScoringConfig
    from blasr.pipeline.experiment import Experiment

OUTPUTS = """\
--out DIR receives loglikes.ark, loglikes.scp and manifest.json. Rows are frames, columns are the pdf-ids of final.mdl.

--out ark:- writes only an archive to the standard output, utterance by utterance in the order of the data directory,
with any number of workers; --out ark,scp:FILE.ark,FILE.scp and Kaldi's other forms work too. Piped into a decoder,
nothing is stored. The exit status and --manifest FILE, which is written at the end, say whether all went well.

--compress writes Kaldi's compressed matrices, which its programs read as any other. With 2 bytes a value, none changes
by more than 1/125,000 of the range of its matrix; with 1 byte, by more than 1/125 of the range of its column.

"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``blasr dump``."""
    parser.epilog = OUTPUTS + examples(
        "blasr dump --experiment exp/bl_resnet22_a2b3 --data data/eval2000 --out exp/bl_resnet22_a2b3/eval2000",
        "blasr dump --gmm exp/tri --data data/dev --nj 4 --out exp/tri/dev",
        "blasr dump --combine exp/tri/dev/dump.1 exp/tri/dev/dump.2 --out exp/tri/dev",
        "blasr dump --experiment exp/bl_resnet22_a2b3 --data data/dev --out ark:- | \\",
        '    latgen-faster-mapped --acoustic-scale=0.1 final.mdl graph/HCLG.fst ark:- "ark:| gzip -c > lat.1.gz"',
    )
    add_option(parser, "--data")
    source = parser.add_mutually_exclusive_group(required=True)
    add_option(source, "--experiment")
    add_option(source, "--gmm", note="as blasr align writes it; log-likelihoods of its GMMs")
    source.add_argument(
        "--combine",
        type=Path,
        nargs="+",
        metavar="DIR",
        help="the dumps of jobs, to be joined into one scp and manifest",
    )
    parser.add_argument(
        "--out",
        type=folder_or_table,
        metavar="DIR|ark:-|ark,scp:FILE,FILE",
        help="the output: a directory, created if absent, or a table of Kaldi",
    )
    parser.add_argument(
        "--manifest", type=Path, metavar="FILE", help="with a table, also write its manifest at the end"
    )
    parser.add_argument(
        "--compress",
        type=int,
        nargs="?",
        const=2,
        choices=(1, 2),
        metavar="BYTES",
        help="write compressed matrices with 1 or 2 bytes a value (default: 4 bytes; --compress alone: 2)",
    )
    add_option(parser, "--model", note="the decoder's (default: the experiment's)")
    add_option(parser, "--graph", note="with --check")
    add_yes_no(parser, "--check", "compare everything that must agree, and stop")
    parser.add_argument(
        "--cmvn",
        type=Path,
        metavar="FILE",
        help="statistics of speakers, as compute-cmvn-stats writes them (default: cmvn.scp of --data, or collected)",
    )
    add_network_options(parser)
    add_option(parser, "--nj")
    add_option(parser, "--device")
    add_option(parser, "--precision")
    add_option(parser, "--max-loss")
    add_option(parser, "--allow-pipes")


OF_NETWORKS = {
    **dict.fromkeys(("model", "cmvn", "checkpoint", "prior_scale", "setting")),
    "precision": "float32",
}
"""The options that only a network has, with their defaults."""


def folder_or_table(text: str) -> Path | str:
    """Return a wspecifier as text, and anything else as the path of a folder."""
    from blasr.io.kaldi.specifiers import is_table

    return text if is_table(text) else Path(text)


def run(args: argparse.Namespace) -> None:
    """Write, join or check log-likelihoods.

    Raises:
        ConfigError: options that are missing or exclude each other.
    """
    if args.out is None and not args.check:
        raise ConfigError("there is nowhere to write the log-likelihoods", fix="name a directory with --out")
    if args.combine is not None:
        from blasr.inference.manifest import combine_dumps

        if args.manifest is not None:
            raise ConfigError("--combine writes manifest.json into its directory", fix="leave out --manifest")
        if isinstance(args.out, str):
            raise ConfigError("--combine joins dumps in a directory", fix="name a directory with --out")
        print(combine_dumps(args.out, args.combine).summary())
        return
    if args.data is None:
        raise ConfigError("there is nothing to dump", fix="give a data directory with --data")
    if args.graph is not None and not args.check:
        raise ConfigError("a dump needs no graph", fix="leave out --graph, or compare it and stop with --check")
    if args.check and args.experiment is None:
        raise ConfigError("--check compares the parts of an experiment", fix="name it with --experiment")
    check_gmm(args.gmm)
    from blasr.data.data_dir import DataDir
    from blasr.pipeline.data_scorers import gmm_scorer, network_scorer
    from blasr.pipeline.dump import DumpOutput, dump
    from blasr.pipeline.network_checks import check_network_and_graph

    if args.check:
        experiment, _ = _load(args)
        data_dir = DataDir.read(args.data, allow_pipes=args.allow_pipes)
        print(check_network_and_graph(experiment, data_dir, args.model, args.graph))
        return
    output = DumpOutput(args.out, args.manifest, args.compress or 4, args.allow_pipes)
    data_dir = DataDir.read(args.data, allow_pipes=args.allow_pipes)
    if args.gmm is not None:
        _check_gmm_options(args)
        scorer = gmm_scorer(args.gmm, data_dir)
    else:
        experiment, scoring = _load(args)
        scorer = network_scorer(experiment, data_dir, scoring, args.model, args.cmvn)
    dump(scorer, output, workers=args.nj, max_loss=args.max_loss)


def _check_gmm_options(args: argparse.Namespace) -> None:
    """Refuse options that only a network has."""
    for name, default in OF_NETWORKS.items():
        if getattr(args, name) != default:
            option = f"--{name.replace('_', '-')}"
            raise ConfigError(f"{option} is for a network, but --gmm is given", fix=f"leave out {option}")


def _load(args: argparse.Namespace) -> tuple[Experiment, ScoringConfig]:
    """Load the network; the tuned setting gives the defaults of checkpoint and prior scale."""
    from blasr.inference.config import ScoringConfig
    from blasr.pipeline.experiment import Experiment
    from blasr.pipeline.tuned_setting import NetworkChoice

    choice = NetworkChoice.resolve(args.experiment, args.checkpoint, args.prior_scale, args.setting)
    return Experiment.load(args.experiment, choice.checkpoint), ScoringConfig(
        choice.prior_scale, args.device, precision=args.precision
    )
