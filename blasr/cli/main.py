"""The ``blasr`` program: find the subcommand, run it, and print a user's mistake as one message."""

from __future__ import annotations

import argparse
import errno
import importlib
import logging
import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NoReturn

from blasr.cli.parser import CommandParser, sentence
from blasr.cli.path_roles import check_paths
from blasr.errors import BlasrError, StopRequestedError
from blasr.interrupts import INTERRUPTED, RecordedInterrupts

SUBCOMMANDS = {
    "data": "Kaldi data directories: check, fix, subset, split, combine, perturb the speed",
    "subwords": "an open vocabulary: split words into pieces, and join pieces to words",
    "lang": "lexicon and phones -> lang/ with phones.txt, words.txt, L.fst, L_disambig.fst, topo",
    "align": "data and lang -> tree, final.mdl, ali.*.gz; flat start, or realignment with a model",
    "train": "data and alignments -> experiment directory with checkpoints, priors, logs",
    "plot": "curves of training runs: loss, accuracy, learning rate, speed -> HTML page or PNG",
    "diff": "two training runs -> what differs: configuration, data, versions, curves, results",
    "tune": "experiment and development set -> epoch, prior scale, LM weight and penalty, frozen",
    "dump": "data and experiment -> loglikes.ark/.scp and a manifest, for any decoder",
    "cascade": "a little and a big network -> one that computes only what is hard with the big one",
    "lm": "n-gram language models: train, perplexity, interpolate, prune",
    "graph": "lang, language model, tree and final.mdl -> HCLG.fst",
    "decode": "graph and data (or an ark) -> lattices, best path, CTM",
    "export": "experiment -> ONNX, int8, TorchScript or torch.export, compared with the original",
    "bundle": "experiment, graph and lang -> one directory with everything that transcribe needs",
    "transcribe": "audio files and a bundle -> words with times and confidences: text, CTM, JSON, SRT",
    "serve": "a bundle -> live and uploaded speech to text: WebSocket, HTTP and a page",
    "lattice": "lattices -> determinized or rescored lattices, N-best lists, confidences, oracle error rate",
    "score": "hypotheses or lattices and references -> WER table, best LM weight and penalty, significance",
    "explain": "hypotheses or lattices and references -> causes of the errors, tables, one HTML page",
    "kaldi": "Kaldi's small tools: copy-feats, ali-to-pdf, show-transitions, lattice-copy, ...",
    "summary": "a model variant -> layers, parameters, MACs, receptive field",
    "init": "a recipe of the installation -> a folder with its scripts and configurations",
    "doctor": "the machine and the installation: versions, optional parts, a self-test of every stage",
    "vision": "the image models: list, summary, train, evaluate, cascade",
}

CONVOLUTION_KERNELS = ("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "8192")
"""oneDNN compiles a kernel for every convolution and input shape, and keeps 1024 of them by default. Batches have
chunks of many lengths: with room for all of them, the narrow models train 1.3 times as fast on a CPU."""


class VersionAction(argparse.Action):
    """Print the version and exit; git is asked only then."""

    def __init__(self, option_strings: Sequence[str], dest: str, **given: Any) -> None:
        super().__init__(option_strings, argparse.SUPPRESS, nargs=0, **given)

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> NoReturn:
        """Print the version and exit with 0."""
        from blasr.checkout import version_text

        print(f"blasr {version_text()}")
        parser.exit()


def build_parser(name: str | None) -> argparse.ArgumentParser:
    """Return the parser of the whole program; only the subcommand called ``name`` gets its own arguments."""
    parser = CommandParser(
        prog="blasr",
        description="Big-Little Net acoustic models for hybrid (DNN-HMM) speech recognition.",
        epilog="example: blasr train conf/bl_resnet22_a2b3.yaml",
    )
    parser.add_argument("--version", action=VersionAction, help="print the version, and the commit of a checkout")
    parser.add_argument("--verbose", "-v", action="store_true", help="log every step")
    subparsers = parser.add_subparsers(dest="subcommand", metavar="SUBCOMMAND", required=True)
    for subcommand, summary in SUBCOMMANDS.items():
        subparser = subparsers.add_parser(subcommand, help=summary, description=sentence(summary))
        if subcommand == name:
            module = importlib.import_module(f"blasr.cli.{subcommand}")
            module.configure(subparser)
            subparser.set_defaults(run=module.run)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one subcommand; the exit status is 0, that of a :class:`BlasrError`, or 130 after an interrupt."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    name = next((word for word in words if not word.startswith("-")), None)
    program = f"blasr {name}" if name in SUBCOMMANDS else "blasr"
    os.environ.setdefault(*CONVOLUTION_KERNELS)  # oneDNN reads it when torch first computes
    return run_program(program, partial(_run, words, name))


def run_program(program: str, run: Callable[[], None]) -> int:
    """Call ``run``, print a user's mistake, an interrupt or a refusal of the machine as one message, return the status.

    Args:
        program: the name at the beginning of the message.
        run: the program.

    Returns:
        0, that of a :class:`BlasrError`, 130 after an interrupt, 141 if the reader of the output has exited, or 1.
    """
    with RecordedInterrupts() as interrupts:
        try:
            _run_and_flush(run)
        except StopRequestedError as error:
            print(f"{program}: {error}", file=sys.stderr)
            return error.exit_code
        except BlasrError as error:
            print(f"{program}: error: {error}", file=sys.stderr)
            return error.exit_code
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt) or interrupts.happened:
                print(f"{program}: interrupted", file=sys.stderr)
                return INTERRUPTED
            if isinstance(error, OSError):
                return _report_refusal(error, program)
            raise
    return 0


def _run_and_flush(run: Callable[[], None]) -> None:
    """Flush the output, even after ``--help``, while a reader that has exited can still be reported."""
    try:
        run()
    except SystemExit:
        sys.stdout.flush()
        raise
    sys.stdout.flush()


def _run(words: Sequence[str], name: str | None) -> None:
    args = build_parser(name if name in SUBCOMMANDS else None).parse_args(words)
    logging.basicConfig(
        level=logging.DEBUG if args.verbose else logging.INFO,
        format="%(message)s",
        stream=sys.stderr,
    )
    check_paths(args)
    args.run(args)


def _report_refusal(error: OSError, program: str) -> int:
    """Report what the machine refuses, such as a file without permission: that is not a defect of blasr."""
    if error.filename is None and sys.stdout is sys.__stdout__:  # files name themselves; the standard output does not
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    if isinstance(error, BrokenPipeError):  # the reader of the output, such as head, has exited
        return 141
    where = error.filename2 or error.filename
    if where is None and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        where = "the standard output"
    print(f"{program}: error: {f'{where}: ' if where else ''}{error.strerror or error}", file=sys.stderr)
    return 1
