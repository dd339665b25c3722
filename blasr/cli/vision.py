"""``blasr vision``: the image models; counts beside the paper's, training, evaluation."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from blasr.cli.columns import columns
from blasr.cli.options import add_overrides
from blasr.config import load_config
from blasr.errors import ConfigError, DependencyError
from blasr.vision.config import check_size
from blasr.vision.detection import count_detector
from blasr.vision.paper import DETECTION, TABLES, PublishedDetectionFigures, PublishedImageFigures
from blasr.vision.registry import list_models
from blasr.vision.summary import ImageSummary, summarize

EXAMPLES = {
    "list": ("blasr vision list bl_resnext",),
    "summary": (
        "blasr vision summary --paper",
        "blasr vision summary bl_resnet50_a2b4 --image-size 256",
    ),
    "train": (
        "blasr vision train conf/vision/bl_resnet50_a2b4.yaml --set data.train=imagenet/train "
        "--set data.valid=imagenet/val",
        "blasr vision train conf/vision/bl_resnet50_a2b4.yaml --set data.dataset=CIFAR10 --set data.train=data/cifar10",
        "torchrun --nproc-per-node 2 -m blasr.cli vision train conf/vision/bl_resnet50_a2b4.yaml",
    ),
    "evaluate": (
        "blasr vision evaluate exp/vision/bl_resnet50_a2b4 --data imagenet/val --size 224 256",
        "blasr vision evaluate ImageNet-bLResNet-50-a2-b4.pth.tar --model bl_resnet50_a2b4 --data imagenet/val",
    ),
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``blasr vision``."""
    parser.epilog = _epilog(*EXAMPLES)
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)

    def add(name: str, text: str, act: Callable[[argparse.Namespace], None]) -> argparse.ArgumentParser:
        action = actions.add_parser(
            name,
            help=text,
            description=f"{text[0].upper()}{text[1:]}.",
            epilog=_epilog(name),
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        action.set_defaults(act=act)
        return action

    names = add("list", "names of the models", _list)
    names.add_argument("pattern", nargs="?", default="", metavar="TEXT", help="only names with this text in them")
    summary = add("summary", "parameters and MACs of a model, or of all beside the paper's", _summary)
    summary.add_argument("name", nargs="?", metavar="NAME", help="a model, such as bl_resnet50_a2b4")
    summary.add_argument("--paper", action="store_true", help="every published row beside our counts")
    summary.add_argument("--image-size", type=int, metavar="N", help="height and width of the images (default: 224)")
    summary.add_argument("--num-classes", type=int, metavar="N", help="outputs (default: 1000)")
    summary.add_argument("--width", type=float, metavar="X", help="multiplies the channel counts (default: 1.0)")
    summary.add_argument("--alpha", type=int, metavar="N", help="a little branch has 1/N of the channels")
    summary.add_argument("--beta", type=int, metavar="N", help="a little branch has 1/N of the blocks")
    train = add("train", "labelled images -> experiment directory; again: go on where it stopped", _train)
    train.add_argument("config", type=Path, help="a YAML file, see conf/vision")
    add_overrides(train)
    train.add_argument("--experiment", type=Path, help="the directory that receives everything")
    evaluate = add("evaluate", "a trained model and labelled images -> top-1 and top-5 error", _evaluate)
    evaluate.add_argument("source", type=Path, help="an experiment directory, or a file of the authors' release")
    evaluate.add_argument("--model", metavar="NAME", help="the model whose weights the file holds")
    evaluate.add_argument(
        "--data",
        type=Path,
        required=True,
        help="a folder with one subfolder for each class, or of the files of --dataset",
    )
    evaluate.add_argument("--dataset", default="folder", help="folder (default), or a torchvision data set's test part")
    evaluate.add_argument("--size", type=int, nargs="+", metavar="N", help="image sizes (default: as trained, or 224)")
    evaluate.add_argument("--batch-size", type=int, default=64, metavar="N", help="images of a batch (default: 64)")
    evaluate.add_argument("--workers", type=int, default=0, metavar="N", help="processes that load images (default: 0)")
    evaluate.add_argument("--device", default="auto", help="auto (default), cpu, cuda or cuda:N")


def _epilog(*actions: str) -> str:
    return "\n  ".join(["examples:", *(example for action in actions for example in EXAMPLES[action])])


def run(args: argparse.Namespace) -> None:
    """Do what the chosen action does."""
    args.act(args)


def _list(args: argparse.Namespace) -> None:
    names = list_models(args.pattern)
    if not names:
        raise ConfigError(f"no model's name has {args.pattern!r} in it", fix="`blasr vision list` prints all")
    print("\n".join(names))


def _summary(args: argparse.Namespace) -> None:
    options = ("image_size", "num_classes", "width", "alpha", "beta")
    given = {name: getattr(args, name) for name in options if getattr(args, name) is not None}
    if args.paper:
        if args.name is not None or given:
            raise ConfigError("--paper shows all models as published", fix="give --paper alone, or a NAME")
        print(paper_table())
    elif args.name is None:
        raise ConfigError("found no model's name", fix="give a NAME, or --paper; `blasr vision list` prints the names")
    else:
        name, at, size = args.name.partition("@")
        if at and not size.isdecimal():
            raise ConfigError(f"found {args.name!r}, expected an image size after the @", fix=f"give {name}@256")
        if at:
            given.setdefault("image_size", int(size))
        check_size(given.get("image_size", 224))
        print(describe(summarize(name, **given)))


def _train(args: argparse.Namespace) -> None:
    from blasr.pipeline.vision import VisionRunConfig, train_vision  # the summary needs none of the training engine

    overrides = list(args.overrides)
    if args.experiment is not None:
        overrides.append(f"experiment={args.experiment}")
    config: VisionRunConfig = load_config(VisionRunConfig, args.config, overrides)
    train_vision(config)


def _evaluate(args: argparse.Namespace) -> None:
    from blasr.pipeline.vision import evaluate_images, open_evaluation
    from blasr.training.distributed import choose_device

    device = choose_device(args.device)
    model, images, config = open_evaluation(args.source, args.data, args.dataset, args.model)
    scores = [
        evaluate_images(
            model, images, config, size, batch_size=args.batch_size, num_workers=args.workers, device=device
        )
        for size in args.size or [config.size]
    ]
    rows = [
        (score.size, score.count, f"{score.top1_error:.2f}", f"{score.top5_error:.2f}", f"{score.loss:.4f}")
        for score in scores
    ]
    print(columns(("size", "images", "top-1 error %", "top-5 error %", "loss"), rows))


def describe(summary: ImageSummary) -> str:
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
    return "\n\n".join((columns(header, rows), detection_table(), "\n".join(NOTES)))


def detection_table() -> str:
    """Table 10 beside our counts, as text; a sentence where torchvision is not installed."""
    header = ("table", "Faster R-CNN, FPN on", "images", "GMACs", "without proposals", "paper", "paper precision %")
    try:
        rows = [_detection_row(row) for row in DETECTION]
    except DependencyError as error:
        return f"Table 10 is left out: {error}"
    return columns(header, rows)


def _detection_row(paper: PublishedDetectionFigures) -> tuple[str | int, ...]:
    macs = count_detector(paper.backbone, paper.height, paper.width, num_classes=paper.num_classes)
    return (
        10,
        paper.backbone,
        f"{paper.dataset} {paper.height} x {paper.width}",
        f"{macs.total / 1e9:.2f}",
        f"{(macs.total - macs.proposals) / 1e9:.2f}",
        f"{paper.gmacs:.2f}",
        f"{paper.precision:.1f}",
    )


NOTES = (
    "MACs are multiply-accumulates of convolutions and the classifier for one image; the paper calls them FLOPs.",
    "Published parameters are rounded in some rows and cut off in others; ours are exact, and shown rounded.",
    "ResNet-101 at low resolution: no common change brings ResNet-50 to 25.60 M and ResNet-101 to 44.57 M, since the",
    "two differ by 18.99 M; the stem that fits the other three figures of Table 6 gives 44.59 M here.",
    "bL-ShuffleNetV2: the paper gives no structure; ours is the nearest its rules allow (blasr.vision.shufflenet).",
    "Detectors: the published figures are without the proposal network's convolutions, to 1 to 2%.",
    "Errors and times are as published (ImageNet; batches of 16 on a Tesla K80); blasr did not measure them.",
)


def _paper_row(paper: PublishedImageFigures) -> tuple[str | int, ...]:
    summary = summarize(paper.model, image_size=paper.image_size)
    gmacs = summary.macs / 1e9
    digits = 2 if paper.gmacs > 1 else 3  # as published: Table 9 counts millions
    return (
        paper.table,
        paper.name,
        summary.params,
        summary.macs,
        f"{summary.params / 1e6:.2f}",
        f"{paper.params_m:.2f}",
        f"{gmacs:.{digits}f}",
        f"{paper.gmacs:.{digits}f}",
        f"{100 * (gmacs / paper.gmacs - 1):+.2f}",
        f"{paper.top1_error:.2f}",
        "-" if paper.ms_k80 is None else str(paper.ms_k80),
    )
