"""``blasr summary``: what a variant consists of and costs, or all variants beside the paper's Table 3."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from blasr.cli.columns import columns
from blasr.cli.options import positive_integer, positive_number
from blasr.cli.parser import examples
from blasr.errors import ConfigError
from blasr.models.config import AcousticModelConfig
from blasr.models.paper import PAPER_NUM_PDFS, TABLE3
from blasr.models.variants import VARIANTS

if TYPE_CHECKING:
    from blasr.models import AcousticSummary
    from blasr.nn import FileSize, ModelSummary

TABLE3_HEADER = ("name", "params", "MACs", "paper params/1e7", "paper GMACs", "paper WER avg", "WER SWB", "WER CH")
TABLE3_NOTES = (
    f"{PAPER_NUM_PDFS} pdfs. MACs are multiply-accumulates of convolutions on one 49-frame window; "
    "the paper calls them FLOPs.",
    "The paper's parameter column has the header 10^6; its values are in units of 10^7.",
    "The MACs of the concat variant round to 0.70 G if element-wise operations count as well.",
    "WER in %, as published (Hub5'00 after training on 2000 hours); blasr did not measure it.",
)

SIZE_NOTES = (
    "Bytes. A binary pattern has one bit for each weight, and a float scale for each filter. The rest: scales, biases,",
    "batch norm with its statistics. The header of the file has names, types and shapes. Metadata, such as the epoch,",
    "is added to it: less than a hundred bytes.",
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``blasr summary``."""
    parser.epilog = examples(
        "blasr summary bl_resnet22_a2b3 --num-pdfs 9000",
        "blasr summary bl_resnet22_a2b3 --width 0.25 --num-pdfs 464 --size --keep stem",
        "blasr summary bl_resnet22_a2b3 --plot architecture.svg",
        "blasr summary --table3",
    )
    parser.add_argument("name", nargs="?", metavar="NAME", help=f"a variant: {', '.join(VARIANTS)}")
    parser.add_argument("--table3", action="store_true", help="all variants beside the paper's Table 3")
    parser.add_argument(
        "--num-pdfs",
        type=positive_integer,
        metavar="N",
        help=f"outputs of the model (default: {PAPER_NUM_PDFS}, the paper's)",
    )
    parser.add_argument(
        "--width", type=positive_number, metavar="X", help="multiplies the channel counts (default: 1.0)"
    )
    add_size_options(parser)
    picture = "draw the architecture: branches, strides and channels, and how time is cropped; a name in .svg or .png"
    parser.add_argument("--plot", type=Path, metavar="FILE", help=picture)


def run(args: argparse.Namespace) -> None:
    """Print the layers of one variant, or Table 3.

    Raises:
        ConfigError: the variant is unknown, or there is neither a name nor ``--table3``, or both.
    """
    given = {"num_pdfs": args.num_pdfs, "width": args.width}
    options = {name: value for name, value in given.items() if value is not None}
    if args.table3:
        if args.name is not None or options or args.size or args.plot:
            raise ConfigError("--table3 shows all variants as published", fix="give --table3 alone, or a NAME")
        print(table3())
        return
    if args.name is None:
        raise ConfigError("the name of a variant is missing", fix="give a NAME, or --table3")
    keep = size_options(args)
    AcousticModelConfig(args.name)  # refuses an unknown name before torch is imported
    if args.plot is not None and args.size:
        raise ConfigError("--plot and --size exclude each other", fix="give one of them")
    if args.plot is not None and args.plot.suffix.lower() not in (".svg", ".png"):
        raise ConfigError(f"found --plot {args.plot}, expected a name that ends in .svg or .png")
    from blasr.models import read_architecture, summarize, weight_sizes, write_architecture

    if args.plot is not None:
        write_architecture(read_architecture(args.name, **options), args.plot)
        print(f"written: {args.plot}")
        return

    if args.size:
        print(size_table(weight_sizes(args.name, **options, **keep)))
    else:
        print(describe(summarize(args.name, **options)))


def add_size_options(parser: argparse.ArgumentParser) -> None:
    """Add ``--size`` and ``--keep``."""
    sizes = "only the size of the weights' file: in float, as binary patterns, and with 8-bit 1x1 convolutions"
    parser.add_argument("--size", action="store_true", help=sizes)
    kept = "with --size: parts that stay in float, such as stem, and strided for convolutions with a stride"
    parser.add_argument("--keep", nargs="+", metavar="PART", help=kept)


def size_options(args: argparse.Namespace) -> dict[str, Any]:
    """Return the value of ``--keep`` as a keyword, if it is given.

    Raises:
        ConfigError: ``--keep`` is given without ``--size``.
    """
    if args.keep is None:
        return {}
    if not args.size:
        raise ConfigError("--keep is for --size", fix="add --size")
    return {"keep": tuple(args.keep)}


def size_table(sizes: Mapping[str, FileSize]) -> str:
    """Return the sizes of a network's weights as text."""
    whole = next(iter(sizes.values())).data
    rows = [
        (
            form,
            size.kernels,
            size.pointwise,
            size.rest,
            size.data,
            f"{100 * (1 - size.data / whole):.1f}%",
            size.header,
            size.data + size.header,
        )
        for form, size in sizes.items()
    ]
    header = ("weights", "k x k", "1x1, linear", "rest", "bytes", "smaller", "header", "file")
    return "\n\n".join((columns(header, rows), "\n".join(SIZE_NOTES)))


def describe(summary: AcousticSummary) -> str:
    """Return the parts (the rows of Table 11), the layers and the totals of one variant as text."""
    frames = summary.frame_counts
    context = (summary.receptive_field - 1) // 2
    parts = [
        (
            part.name,
            f"{part.output[0]} x {part.output[1]} x T",
            f"{before} -> {after}",
            receptive_field,
            part.params,
            part.macs,
            part.structure,
        )
        for part, before, after, receptive_field in zip(
            summary.parts, frames[:-1], frames[1:], summary.receptive_fields, strict=True
        )
    ]
    return "\n\n".join(
        [
            f"{summary.name}: width {summary.width:g}, {summary.num_pdfs} pdfs, input 3 x 64 x {summary.frames} frames",
            columns(("part", "output C x F x T", "T", "sees frames", "params", "MACs", "structure"), parts),
            layer_table(summary, "C x F x T"),
            "\n".join(
                (
                    f"parameters:      {summary.params}{trained(summary)}",
                    f"MACs:            {summary.macs} (one {summary.frames}-frame window; convolutions only)",
                    f"receptive field: {summary.receptive_field} frames "
                    f"({context} before and {context} after; T frames in, T - {2 * context} out)",
                )
            ),
        ]
    )


def trained(summary: ModelSummary) -> str:
    """Return a remark if some weights of a network are no parameters, because they are patterns or 8-bit integers."""
    fixed = any(layer.kind.startswith(("Pattern", "Int8")) for layer in summary.layers)
    return " (trained; the signs of patterns and 8-bit weights are fixed, see --size)" if fixed else ""


def layer_table(summary: ModelSummary, axes: str) -> str:
    """Return the layers of a network as text; ``axes`` names the axes of an output."""
    rows = [
        (layer.name, layer.kind, " x ".join(map(str, layer.output)), layer.params, layer.macs)
        for layer in summary.layers
    ]
    return columns(("layer", "kind", f"output {axes}", "params", "MACs"), rows)


def table3() -> str:
    """Return our counts beside the paper's Table 3 as text."""
    from blasr.models import summarize

    rows = []
    for name, paper in TABLE3.items():
        summary = summarize(name)
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
    return "\n\n".join((columns(TABLE3_HEADER, rows), "\n".join(TABLE3_NOTES)))
