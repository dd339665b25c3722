"""``blasr summary``: what a variant consists of and costs, or all seven beside the paper's Table 3."""

from __future__ import annotations

import argparse

from blasr.cli.columns import columns
from blasr.errors import ConfigError
from blasr.models import VARIANTS, AcousticSummary, summarize
from blasr.models.paper import PAPER_NUM_PDFS, TABLE3
from blasr.units import CONTEXT_FRAMES


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the subcommand's arguments."""
    parser.add_argument("name", nargs="?", metavar="NAME", help=f"a variant: {', '.join(VARIANTS)}")
    parser.add_argument("--table3", action="store_true", help="all variants beside the figures of the paper's Table 3")
    parser.add_argument(
        "--num-pdfs", type=int, metavar="N", help=f"outputs of the model (default: {PAPER_NUM_PDFS}, the paper's)"
    )
    parser.add_argument("--width", type=float, metavar="X", help="multiplies the channel counts (default: 1.0)")
    parser.epilog = "example: blasr summary bl_resnet22_a2b3 --num-pdfs 9000"


def run(args: argparse.Namespace) -> None:
    """Print one variant's layers, or Table 3.

    Raises:
        ConfigError: for an unknown variant, for neither a name nor ``--table3``, and for both.
    """
    if args.table3:
        if args.name is not None or args.num_pdfs is not None or args.width is not None:
            raise ConfigError("--table3 shows all variants as published", fix="give --table3 alone, or a NAME")
        print(table3())
    elif args.name is None:
        raise ConfigError("found no variant's name", fix="give a NAME, or --table3")
    else:
        num_pdfs = PAPER_NUM_PDFS if args.num_pdfs is None else args.num_pdfs
        width = 1.0 if args.width is None else args.width
        print(describe(summarize(args.name, num_pdfs=num_pdfs, width=width)))


def describe(summary: AcousticSummary) -> str:
    """Parts (the rows of Table 11), layers and totals of one variant, as text."""
    parts = [
        (
            part.name,
            f"{part.output[0]} x {part.output[1]} x T",
            f"{part.frames_in} -> {part.output[2]}",
            part.receptive_field,
            part.params,
            part.macs,
            part.structure,
        )
        for part in summary.parts
    ]
    layers = [
        (layer.name, layer.kind, " x ".join(map(str, layer.output)), layer.params, layer.macs)
        for layer in summary.layers
    ]
    return "\n\n".join(
        [
            f"{summary.name}: width {summary.width:g}, {summary.num_pdfs} pdfs, input 3 x 64 x {summary.frames} frames",
            columns(("part", "output C x F x T", "T", "sees frames", "params", "MACs", "structure"), parts),
            columns(("layer", "kind", "output C x F x T", "params", "MACs"), layers),
            "\n".join(
                (
                    f"parameters:      {summary.params}",
                    f"MACs:            {summary.macs} (one {summary.frames}-frame window; convolutions only)",
                    f"receptive field: {summary.receptive_field} frames "
                    f"({CONTEXT_FRAMES} before and {CONTEXT_FRAMES} after; T frames in, T - {2 * CONTEXT_FRAMES} out)",
                )
            ),
        ]
    )


def table3() -> str:
    """Every variant's exact counts beside the paper's figures, as text."""
    rows = []
    for name in VARIANTS:
        summary, paper = summarize(name), TABLE3[name]
        rows.append(
            (
                name,
                summary.params,
                summary.macs,
                f"{paper.params_1e7:.2f}",
                f"{paper.gmacs:.2f}",
                f"{paper.wer_avg:.2f}",
                f"{paper.wer_swb:.2f}",
                f"{paper.wer_ch:.2f}",
            )
        )
    header = ("name", "params", "MACs", "paper params/1e7", "paper GMACs", "paper WER avg", "WER SWB", "WER CH")
    notes = (
        f"{PAPER_NUM_PDFS} pdfs. MACs are multiply-accumulates of convolutions on one 49-frame window; "
        "the paper calls them FLOPs.",
        "The paper heads its parameter column 10^6; its values are in units of 10^7.",
        "The concat variant's MACs round to 0.70 G with element-wise work counted as well.",
        "WER in %, as published (Hub5'00 after training on 2000 hours); blasr did not measure it.",
    )
    return "\n\n".join((columns(header, rows), "\n".join(notes)))
