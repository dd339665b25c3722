"""``blasr vision``: the image models; counts beside the paper's."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence

from blasr.errors import ConfigError
from blasr.vision.paper import TABLES, PaperFigures
from blasr.vision.summary import ModelSummary, summarize

EPILOG = """\
examples:
  blasr vision summary --paper
  blasr vision summary bl_resnet50_a2b4 --image-size 256
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``blasr vision``."""
    parser.epilog = EPILOG
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    summary = actions.add_parser("summary", help="parameters and MACs of a model, or of all beside the paper's")
    summary.add_argument("name", nargs="?", metavar="NAME", help="a model, such as bl_resnet50_a2b4")
    summary.add_argument("--paper", action="store_true", help="every published row beside our counts")
    summary.add_argument("--image-size", type=int, metavar="N", help="height and width of the images (default: 224)")
    summary.add_argument("--num-classes", type=int, metavar="N", help="outputs (default: 1000)")
    summary.add_argument("--width", type=float, metavar="X", help="multiplies the channel counts (default: 1.0)")
    summary.set_defaults(act=_summary)


def run(args: argparse.Namespace) -> None:
    """Do what the chosen action does."""
    args.act(args)


def _summary(args: argparse.Namespace) -> None:
    options = {"image_size": args.image_size, "num_classes": args.num_classes, "width": args.width}
    given = {name: value for name, value in options.items() if value is not None}
    if args.paper:
        if args.name is not None or given:
            raise ConfigError("--paper shows all models as published", fix="give --paper alone, or a NAME")
        print(paper_table())
    elif args.name is None:
        raise ConfigError("found no model's name", fix="give a NAME, or --paper")
    else:
        name, _, size = args.name.partition("@")
        if size.isdecimal():
            given.setdefault("image_size", int(size))
        print(describe(summarize(name, **given)))


def describe(summary: ModelSummary) -> str:
    """Parts, layers and totals of one model, as text."""
    parts = [
        (part.name, " x ".join(map(str, part.output)), part.params, part.macs, part.structure) for part in summary.parts
    ]
    layers = [
        (layer.name, layer.kind, " x ".join(map(str, layer.output)), layer.params, layer.macs)
        for layer in summary.layers
    ]
    size = summary.image_size
    return "\n\n".join(
        (
            f"{summary.name}: {summary.num_classes} classes, images of {size} x {size}",
            columns(("part", "output C x H x W", "params", "MACs", "structure"), parts),
            columns(("layer", "kind", "output C x H x W", "params", "MACs"), layers),
            f"parameters: {summary.params}\nMACs:       {summary.macs} (convolutions and classifier, one image)",
        )
    )


def paper_table() -> str:
    """Every published row beside our counts, as text."""
    header = (
        "table", "name", "params", "MACs", "params M", "paper", "GMACs", "paper", "MACs off %",
        "paper top-1 error %", "paper ms, K80",
    )  # fmt: skip
    rows = [_paper_row(row) for row in TABLES]
    return "\n\n".join((columns(header, rows), "\n".join(NOTES)))


NOTES = (
    "MACs are multiply-accumulates of convolutions and the classifier for one image; the paper calls them FLOPs.",
    "Published parameters are rounded in some rows and cut off in others; ours are exact, and shown rounded.",
    "ResNet-101 at low resolution: no common change brings ResNet-50 to 25.60 M and ResNet-101 to 44.57 M, since the",
    "two differ by 18.99 M; the stem that fits the other three figures of Table 6 gives 44.59 M here.",
    "Errors and times are as published (ImageNet; batches of 16 on a Tesla K80); blasr did not measure them.",
)


def _paper_row(paper: PaperFigures) -> tuple[str | int, ...]:
    summary = summarize(paper.model, image_size=paper.image_size)
    gmacs = summary.macs / 1e9
    return (
        paper.table,
        paper.name,
        summary.params,
        summary.macs,
        f"{summary.params / 1e6:.2f}",
        f"{paper.params_m:.2f}",
        f"{gmacs:.2f}",
        f"{paper.gmacs:.2f}",
        f"{100 * (gmacs / paper.gmacs - 1):+.2f}",
        f"{paper.top1_error:.2f}",
        "-" if paper.ms_k80 is None else str(paper.ms_k80),
    )


def columns(header: Sequence[str], rows: Iterable[Sequence[str | int]]) -> str:
    """A table in plain text, whatever the terminal's width: integers to the right, text to the left."""
    rows = list(rows)
    texts = [tuple(header), *(tuple(map(str, row)) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    right = [isinstance(cell, int) for cell in rows[0]]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if flush else cell.ljust(width)
            for cell, width, flush in zip(row, widths, right, strict=True)
        ).rstrip()
        for row in texts
    )
