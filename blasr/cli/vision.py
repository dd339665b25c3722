"""``blasr vision``: the image models; counts beside the paper's, training, evaluation, cascades."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from blasr.cli.cascade import add_choice_options, print_choice
from blasr.cli.columns import columns
from blasr.cli.options import add_option, add_overrides, integer, positive_integer, positive_number
from blasr.cli.parser import Command, add_commands, examples, run_command
from blasr.cli.path_roles import NETWORK, check_experiment_paths
from blasr.cli.summary import add_size_options, layer_table, size_options, size_table, trained
from blasr.config import load_config, write_yaml
from blasr.errors import ConfigError, DependencyError
from blasr.vision.config import check_size
from blasr.vision.paper import DETECTION, TABLES, PublishedDetectionFigures, PublishedImageFigures
from blasr.vision.registry import find_variant, list_models

if TYPE_CHECKING:
    from blasr.vision import ImageSummary

LIST_EXAMPLES = ("blasr vision list bl_resnext",)
SUMMARY_EXAMPLES = (
    "blasr vision summary --paper",
    "blasr vision summary bl_resnet50_a2b4 --image-size 256",
    "blasr vision summary sep_net_r --size",
)
TRAIN_EXAMPLES = (
    "blasr vision train conf/vision/bl_resnet50_a2b4.yaml --set data.train=imagenet/train "
    "--set data.valid=imagenet/val",
    "blasr vision train conf/vision/bl_resnet50_a2b4.yaml --set data.dataset=CIFAR10 --set data.train=data/cifar10",
    "torchrun --nproc-per-node 2 -m blasr.cli vision train conf/vision/bl_resnet50_a2b4.yaml",
)
EVALUATE_EXAMPLES = (
    "blasr vision evaluate --experiment exp/vision/bl_resnet50_a2b4 --data imagenet/val --sizes 224 256",
    "blasr vision evaluate --released ImageNet-bLResNet-50-a2-b4.pth.tar --name bl_resnet50_a2b4 --data imagenet/val",
)
CASCADE_EXAMPLES = (
    "blasr vision cascade --little exp/vision/narrow --big exp/vision/bl_resnet50_a2b4 --data imagenet/held_out \\",
    "    --max-degradation 0.1 --out exp/vision/cascade",
    "blasr vision evaluate --experiment exp/vision/cascade --data imagenet/val",
)
NOTES = (
    "MACs are multiply-accumulates of convolutions and the classifier for one image; the paper calls them FLOPs.",
    "Published parameters are rounded in some rows and truncated in others; ours are exact, and shown rounded.",
    "ResNet-101 at low resolution: no common change brings ResNet-50 to 25.60 M and ResNet-101 to 44.57 M, since the",
    "two differ by 18.99 M; the stem that fits the other three figures of Table 6 gives 44.59 M here.",
    "bL-ShuffleNetV2: the paper gives no structure; ours is the nearest its rules allow (blasr.vision.shufflenet).",
    "Detectors: the published figures leave out the proposal network's convolutions; ours then agree within 2%.",
    "Errors and times are as published (ImageNet; batches of 16 on a Tesla K80); blasr did not measure them.",
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the commands of ``blasr vision``."""
    parser.epilog = examples(*LIST_EXAMPLES, *SUMMARY_EXAMPLES, *TRAIN_EXAMPLES, *EVALUATE_EXAMPLES, *CASCADE_EXAMPLES)
    add_commands(parser, COMMANDS)


def run(args: argparse.Namespace) -> None:
    """Run the chosen command."""
    run_command(args)


def _configure_list(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("pattern", nargs="?", default="", metavar="TEXT", help="only names that contain this text")


def _list(args: argparse.Namespace) -> None:
    names = list_models(args.pattern)
    if not names:
        raise ConfigError(f"no model's name contains {args.pattern!r}", fix="`blasr vision list` prints all names")
    print("\n".join(names))


def _configure_summary(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="?", metavar="NAME", help="a model, such as bl_resnet50_a2b4")
    parser.add_argument("--paper", action="store_true", help="every published row beside our counts")
    sizes = "height and width of the images (default: 224)"
    parser.add_argument("--image-size", type=positive_integer, metavar="N", help=sizes)
    parser.add_argument("--num-classes", type=positive_integer, metavar="N", help="outputs (default: 1000)")
    parser.add_argument("--width", type=positive_number, metavar="X", help="multiplies the channel counts (default: 1)")
    parser.add_argument("--alpha", type=integer, metavar="N", help="a little branch has 1/N of the channels")
    parser.add_argument("--beta", type=integer, metavar="N", help="a little branch has 1/N of the blocks")
    add_size_options(parser)


def _summary(args: argparse.Namespace) -> None:
    options = ("image_size", "num_classes", "width", "alpha", "beta")
    given = {name: getattr(args, name) for name in options if getattr(args, name) is not None}
    if args.paper:
        if args.name is not None or given or args.size:
            raise ConfigError("--paper shows all models as published", fix="give --paper alone, or a NAME")
        print(paper_table())
        return
    if args.name is None:
        raise ConfigError(
            "the name of a model is missing", fix="give a NAME, or --paper; `blasr vision list` prints the names"
        )
    name, at, size = args.name.partition("@")
    if at and not size.isdecimal():
        raise ConfigError(f"found {args.name!r}, expected an image size after the @", fix=f"give {name}@256")
    if at:
        given.setdefault("image_size", int(size))
    check_size(given.get("image_size", 224))
    keep = size_options(args)
    find_variant(name, args.alpha, args.beta)  # refuses a wrong name before torch is imported
    from blasr.vision import summarize, weight_sizes

    if args.size:
        given.pop("image_size", None)
        print(size_table(weight_sizes(name, **given, **keep)))
        return
    print(describe(summarize(name, **given)))


def _configure_train(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("config", type=Path, metavar="CONFIG", help="a YAML file, see conf/vision")
    add_overrides(parser)
    parser.add_argument("--experiment", type=Path, metavar="DIR", help="the directory that receives everything")


def _train(args: argparse.Namespace) -> None:
    from blasr.pipeline.vision.config import VisionRunConfig

    overrides = list(args.overrides)
    if args.experiment is not None:
        overrides.append(f"experiment={json.dumps(str(args.experiment))}")  # a quoted string is YAML too
    config = load_config(VisionRunConfig, args.config, overrides)
    patterns = None if config.data.dataset == "folder" else ()  # torchvision's data sets share a folder with others
    inputs = {
        "data.train": (config.data.train, patterns),
        "data.valid": (config.data.valid, patterns),
        "released": (config.released, None),
        "initialize_from": (config.initialize_from, NETWORK),
    }
    check_experiment_paths(config.experiment, args.config, write_yaml(config), inputs)
    from blasr.pipeline.vision import train_vision

    train_vision(config)


def _configure_evaluate(parser: argparse.ArgumentParser) -> None:
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument(
        "--experiment",
        type=Path,
        metavar="DIR",
        help="the directory of a trained model, as blasr vision train or cascade writes it",
    )
    source.add_argument("--released", type=Path, metavar="FILE", help="a file of the authors' release")
    parser.add_argument("--name", metavar="NAME", help="with --released: the model that the weights belong to")
    _add_image_options(parser)
    sizes = "image sizes (default: as trained, or 224)"
    parser.add_argument("--sizes", type=positive_integer, nargs="+", metavar="N", help=sizes)


def _add_image_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of labeled images and of how they are computed."""
    parser.add_argument(
        "--data",
        type=Path,
        required=True,
        metavar="DIR",
        help="a folder with one subfolder for each class, or the folder of the files of --dataset",
    )
    parser.add_argument(
        "--dataset",
        default="folder",
        metavar="NAME",
        help="folder, or the name of a torchvision data set; its test part is used",
    )
    parser.add_argument("--batch-size", type=positive_integer, default=64, metavar="N", help="images per batch")
    add_option(parser, "--nj", note="processes that load images")
    add_option(parser, "--device")


def _evaluate(args: argparse.Namespace) -> None:
    if args.released is not None and args.name is None:
        raise ConfigError(
            "the name of the model is missing", path=args.released, fix="give --name, such as bl_resnet50_a2b4"
        )
    if args.experiment is not None and args.name is not None:
        raise ConfigError("--name is for --released: an experiment records its model", fix="leave out --name")
    if args.name is not None:
        find_variant(args.name)
    for size in args.sizes or ():
        check_size(size)
    from blasr.pipeline.vision import evaluate_images, open_experiment_evaluation, open_released_evaluation
    from blasr.training import choose_device
    from blasr.vision import LittleBigClassifier

    device = choose_device(args.device)
    if args.released is not None:
        opened = open_released_evaluation(args.released, args.name, args.data, args.dataset)
    else:
        opened = open_experiment_evaluation(args.experiment, args.data, args.dataset)
    rows = []
    for size in args.sizes or [opened.config.size]:
        score = evaluate_images(
            opened.model,
            opened.images,
            opened.config,
            size,
            batch_size=args.batch_size,
            num_workers=args.nj if args.nj > 1 else 0,
            device=device,
        )
        errors = (f"{score.top1_error:.2f}", f"{score.top5_error:.2f}")
        rows.append((score.size, score.count, *errors, f"{score.loss:.4f}"))
    if isinstance(opened.model, LittleBigClassifier):
        passed_on = opened.model.passed_on / opened.model.images
        print(f"cascade, threshold {opened.model.threshold:.4g}: {passed_on:.1%} of the images passed on")
    print(columns(("size", "images", "top-1 error %", "top-5 error %", "loss"), rows))


def _configure_cascade(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--little", type=Path, required=True, metavar="DIR", help="the experiment of the little model")
    parser.add_argument("--big", type=Path, required=True, metavar="DIR", help="the experiment of the big model")
    add_option(parser, "--out", required=True, note="a new or empty directory, or a cascade, which is replaced")
    add_choice_options(parser, "top-1 error")
    _add_image_options(parser)


def _cascade(args: argparse.Namespace) -> None:
    from blasr.pipeline.vision import ImageCascadeTuneConfig, tune_image_cascade

    config = ImageCascadeTuneConfig(
        max_degradation=args.max_degradation,
        num_thresholds=args.num_thresholds,
        picture=args.picture,
        batch_size=args.batch_size,
        num_workers=args.nj if args.nj > 1 else 0,
        device=args.device,
    )
    print_choice(tune_image_cascade(args.little, args.big, args.data, args.out, config, args.dataset), "images")


def describe(summary: ImageSummary) -> str:
    """Return parts, layers and totals of one model as text."""
    parts = [
        (part.name, " x ".join(map(str, part.output)), part.params, part.macs, part.structure) for part in summary.parts
    ]
    size = summary.image_size
    return "\n\n".join(
        (
            f"{summary.name}: {summary.num_classes} classes, images of {size} x {size}",
            columns(("part", "output C x H x W", "params", "MACs", "structure"), parts),
            layer_table(summary, "C x H x W"),
            f"parameters: {summary.params}{trained(summary)}\n"
            f"MACs:       {summary.macs} (convolutions and classifier, one image)",
        )
    )


def paper_table() -> str:
    """Return every published row beside our counts as text."""
    header = (
        "table", "name", "params", "MACs", "params M", "paper", "GMACs", "paper", "MACs off %",
        "paper top-1 error %", "paper ms, K80",
    )  # fmt: skip
    rows = [_paper_row(row) for row in TABLES]
    return "\n\n".join((columns(header, rows), detection_table(), "\n".join(NOTES)))


def _paper_row(paper: PublishedImageFigures) -> tuple[str | int, ...]:
    from blasr.vision import summarize

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


def detection_table() -> str:
    """Return Table 10 beside our counts as text, or why it is left out if torchvision is missing."""
    header = ("table", "Faster R-CNN, FPN on", "images", "GMACs", "without proposals", "paper", "paper precision %")
    try:
        rows = [_detection_row(row) for row in DETECTION]
    except DependencyError as error:
        return f"Table 10 is left out: {error}"
    return columns(header, rows)


def _detection_row(paper: PublishedDetectionFigures) -> tuple[str | int, ...]:
    from blasr.vision import count_detector

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


COMMANDS = {
    "list": Command("names of the models", LIST_EXAMPLES, _configure_list, _list),
    "summary": Command(
        "parameters and MACs of a model, or of all beside the paper's", SUMMARY_EXAMPLES, _configure_summary, _summary
    ),
    "train": Command(
        "labeled images -> experiment directory; the same command again resumes",
        TRAIN_EXAMPLES,
        _configure_train,
        _train,
    ),
    "evaluate": Command(
        "a trained model and labeled images -> top-1 and top-5 errors",
        EVALUATE_EXAMPLES,
        _configure_evaluate,
        _evaluate,
    ),
    "cascade": Command(
        "a little and a big model and held-out images -> one that passes on only the images that are hard",
        CASCADE_EXAMPLES,
        _configure_cascade,
        _cascade,
    ),
}
