"""``blasr dump``: log-likelihoods of a data directory as Kaldi archives."""

from __future__ import annotations

import argparse
from pathlib import Path

from blasr.errors import ConfigError
from blasr.inference.manifest import combine_dumps
from blasr.recipe.dump import DumpOptions, dump_network
from blasr.recipe.experiment import Experiment
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
    if args.gmm is not None:
        from blasr.recipe.dump_gmm import dump_gmm

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
