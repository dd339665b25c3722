"""``blasr dump``: log-likelihoods of a data directory as Kaldi archives."""

from __future__ import annotations

import argparse
from pathlib import Path

from blasr.data.data_dir import DataDir
from blasr.errors import ConfigError
from blasr.inference.manifest import combine_dumps
from blasr.io.fst import read_fst
from blasr.io.symbols import SymbolTable
from blasr.pipeline.dump import DumpOptions, dump_network
from blasr.pipeline.experiment import Experiment
from blasr.pipeline.preflight import Decoder, check_decode, check_dump
from blasr.training.distributed import choose_device

EPILOG = """\
OUT receives loglikes.ark, loglikes.scp and manifest.json. Rows are frames, columns are the pdf-ids of final.mdl.

examples:
  blasr dump --experiment exp/bl_resnet22_a2b3 --data data/eval2000 exp/bl_resnet22_a2b3/eval2000
  blasr dump --gmm exp/tri --data data/dev exp/tri/dev
  blasr dump exp/tri/dev --combine exp/tri/dev/dump.1 exp/tri/dev/dump.2
  latgen-faster-mapped --acoustic-scale=0.1 exp/tri_ali/final.mdl graph/HCLG.fst \\
      scp:exp/bl_resnet22_a2b3/eval2000/loglikes.scp "ark:| gzip -c > lat.1.gz"
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``blasr dump``."""
    parser.epilog = EPILOG
    parser.add_argument("out", type=Path, metavar="OUT", help="a folder, made where absent")
    parser.add_argument("--data", type=Path, help="a Kaldi data directory")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--experiment", type=Path, help="a trained experiment directory")
    source.add_argument(
        "--gmm", type=Path, metavar="ALI_DIR", help="an alignment directory: log-likelihoods of its GMMs"
    )
    source.add_argument(
        "--combine", type=Path, nargs="+", metavar="DUMP", help="the dumps of jobs: OUT gets their scp and one manifest"
    )
    parser.add_argument("--model", type=Path, help="the decoder's final.mdl (default: the experiment's)")
    parser.add_argument("--graph", type=Path, metavar="DIR", help="with --check: a folder with HCLG.fst and words.txt")
    parser.add_argument("--check", action="store_true", help="compare everything that must agree, and stop")
    parser.add_argument("--prior-scale", type=float, default=1.0, help="weight of the log priors (default: 1.0)")
    parser.add_argument("--checkpoint", default="final", help="final, or epochN (default: final)")
    parser.add_argument("--nj", type=int, default=0, help="processes on the CPU (default: this one)")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N, with --nj 0 (default: auto)")
    parser.add_argument("--max-loss", type=float, default=0.05, help="share of utterances that may be dropped")
    parser.add_argument("--allow-pipes", action="store_true", help="let commands in wav.scp run")


def run(args: argparse.Namespace) -> None:
    """Write the log-likelihoods.

    Raises:
        ConfigError: no data.
    """
    if args.combine is not None:
        print(combine_dumps(args.out, args.combine).tell())
        return
    if args.data is None:
        raise ConfigError("there is nothing to dump", fix="give a data directory with --data")
    if args.graph is not None and not args.check:
        raise ConfigError("a dump needs no graph", fix="leave out --graph, or compare it and stop with --check")
    if args.check:
        _check(args)
        return
    if args.gmm is not None:
        from blasr.pipeline.dump_gmm import dump_gmm

        dump_gmm(args.gmm, args.data, args.out, max_loss=args.max_loss, allow_pipes=args.allow_pipes)
        return
    options = DumpOptions(args.prior_scale, args.nj, choose_device("cpu" if args.nj else args.device))
    dump_network(
        Experiment.load(args.experiment, args.checkpoint),
        args.data,
        args.out,
        options,
        model=args.model,
        max_loss=args.max_loss,
        allow_pipes=args.allow_pipes,
    )


def _check(args: argparse.Namespace) -> None:
    """Compare network, priors, model, tree, data and graph; say that they belong together."""
    if args.experiment is None:
        raise ConfigError("--check compares the parts of an experiment", fix="give it with --experiment")
    experiment = Experiment.load(args.experiment, args.checkpoint)
    model = args.model or experiment.final_mdl
    num_pdfs = check_dump(experiment, model, DataDir.read(args.data, allow_pipes=args.allow_pipes))
    if args.graph is not None:
        words = SymbolTable.read(args.graph / "words.txt")
        check_decode(read_fst(args.graph / "HCLG.fst"), args.graph / "HCLG.fst", Decoder.read(model), words)
    parts = [args.experiment, model, args.data, *([args.graph] if args.graph is not None else [])]
    print(f"{', '.join(map(str, parts))} belong together: {num_pdfs} pdfs")
