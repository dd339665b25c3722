"""``blasr lm``: n-gram language models: train, perplexity, interpolate, prune."""

from __future__ import annotations

import argparse
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from blasr.errors import ConfigError
from blasr.io.symbols import SymbolTable
from blasr.lm.arpa import read_arpa, write_arpa
from blasr.lm.backoff_model import UNKNOWN, BackoffModel
from blasr.lm.interpolation import interpolate, tune_weight
from blasr.lm.kneser_ney import estimate_kneser_ney
from blasr.lm.perplexity import measure_perplexity
from blasr.lm.pruning import prune
from blasr.lm.text import iterate_sentences
from blasr.lm.witten_bell import estimate_witten_bell

EPILOG = """examples:
  blasr lm train --text lm.txt --order 4 --min-counts 1,1,2 --vocabulary data/lang/words.txt lm.arpa.gz
  blasr lm perplexity --text heldout.txt lm.arpa.gz
  blasr lm interpolate --tune heldout.txt swbd.arpa.gz fisher.arpa.gz mixed.arpa.gz
  blasr lm prune --threshold 1e-8 mixed.arpa.gz small.arpa.gz

Texts have one sentence a line, plain or .gz. Models are ARPA files, plain or .gz.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``blasr lm``."""
    parser.epilog = EPILOG
    tasks = parser.add_subparsers(dest="task", metavar="TASK", required=True)
    train = tasks.add_parser("train", help="text -> n-gram model")
    train.set_defaults(task_run=_train)
    train.add_argument("out", metavar="OUT", type=Path, help="the ARPA file to write")
    train.add_argument("--text", required=True, type=Path, help="sentences")
    train.add_argument("--order", type=int, default=3, metavar="N", help="1 to 5 (default: 3)")
    train.add_argument(
        "--smoothing", choices=("kneser-ney", "witten-bell"), default="kneser-ney", help="(default: kneser-ney)"
    )
    train.add_argument(
        "--vocabulary",
        type=Path,
        metavar="FILE",
        help="a words.txt, or one word a line; default: the words of the text",
    )
    train.add_argument("--unknown", default=UNKNOWN, metavar="WORD", help=f"what other words become ({UNKNOWN})")
    train.add_argument("--closed", action="store_true", help="no unknown word: refuse a text with other words")
    train.add_argument(
        "--min-counts",
        default="1",
        metavar="1,N,...",
        help="how often n-grams of order 1, 2, ... must be seen, the last also for higher orders (default: 1)",
    )
    measure = tasks.add_parser("perplexity", help="perplexity of a text, unknown words told apart")
    measure.set_defaults(task_run=_perplexity)
    measure.add_argument("model", type=Path)
    measure.add_argument("--text", required=True, type=Path, help="sentences")
    mix = tasks.add_parser("interpolate", help="two models -> their linear mixture as one model")
    mix.set_defaults(task_run=_interpolate)
    mix.add_argument("first", type=Path)
    mix.add_argument("second", type=Path)
    mix.add_argument("out", metavar="OUT", type=Path, help="the ARPA file to write")
    weight = mix.add_mutually_exclusive_group(required=True)
    weight.add_argument("--tune", type=Path, metavar="TEXT", help="held-out sentences to find the weight on")
    weight.add_argument("--weight", type=float, metavar="X", help="of the first model")
    pruning = tasks.add_parser("prune", help="entropy pruning")
    pruning.set_defaults(task_run=_prune)
    pruning.add_argument("model", type=Path)
    pruning.add_argument("out", metavar="OUT", type=Path, help="the ARPA file to write")
    pruning.add_argument(
        "--threshold", type=float, required=True, metavar="X", help="share of perplexity an n-gram must be worth"
    )
    for task in (train, measure, mix):
        task.add_argument("--utterance-ids", action="store_true", help="lines of texts begin with an utterance-id")


def run(args: argparse.Namespace) -> None:
    """Do one of the tasks."""
    args.task_run(args)


def _train(args: argparse.Namespace) -> None:
    sentences = iterate_sentences(args.text, utterance_ids=args.utterance_ids)
    vocabulary = None if args.vocabulary is None else _vocabulary(args.vocabulary)
    if args.smoothing == "witten-bell":
        model = estimate_witten_bell(sentences, args.order, vocabulary=vocabulary)
        write_arpa(model, args.out)
        print(f"{args.out}: Witten-Bell, {_sizes(model)}")
        return
    try:
        min_counts = [int(count) for count in args.min_counts.split(",")]
    except ValueError:
        raise ConfigError(f"--min-counts: expected numbers such as 1,1,2, found {args.min_counts!r}") from None
    found = estimate_kneser_ney(
        sentences,
        args.order,
        vocabulary=vocabulary,
        unknown=None if args.closed else args.unknown,
        min_counts=min_counts,
    )
    write_arpa(found.model, args.out)
    if found.unknown_words:
        print(f"{_outside(found.unknown_words)}; they are {args.unknown}")
    for order, discounts in enumerate(found.discounts, start=1):
        fallback = " (fallback)" if order in found.fallback_orders else ""
        print(f"discounts of order {order}: {', '.join(f'{value:.4f}' for value in discounts)}{fallback}")
    print(f"{args.out}: Kneser-Ney, {_sizes(found.model)}")


def _vocabulary(path: Path) -> set[str]:
    lines = list(iterate_sentences(path))
    if all(len(fields) == 2 and fields[1].isdigit() for fields in lines):
        words: Iterable[str] = SymbolTable.read(path)
    else:
        words = (word for fields in lines for word in fields)
    return {word for word in words if word not in ("<eps>", "<s>", "</s>") and not re.fullmatch(r"#\d+", word)}


def _perplexity(args: argparse.Namespace) -> None:
    sentences = iterate_sentences(args.text, utterance_ids=args.utterance_ids)
    found = measure_perplexity(read_arpa(args.model), sentences)
    print(f"{found.num_sentences} sentences, {found.num_words} words, {found.unknown_words.total()} of them unknown")
    if found.unknown_words:
        print(_outside(found.unknown_words))
    print(f"log10 probability of known words and sentence ends: {found.log_prob:.4f}")
    print(f"perplexity: {found.perplexity:.4f} ({found.word_perplexity:.4f} per word without sentence ends)")
    if found.open_perplexity is not None:
        print(f"perplexity with unknown words as {UNKNOWN}: {found.open_perplexity:.4f}")


def _interpolate(args: argparse.Namespace) -> None:
    first, second = read_arpa(args.first), read_arpa(args.second)
    weight = args.weight
    if args.tune is not None:
        tuned = tune_weight(first, second, iterate_sentences(args.tune, utterance_ids=args.utterance_ids))
        weight = tuned.weight
        print(
            f"weight of {args.first}: {weight:.4f}, on {tuned.num_words} words and sentence ends"
            f" ({tuned.num_unknown} unknown to both left out)"
        )
        print("perplexity: {:.4f} and {:.4f}; mixed {:.4f}".format(*tuned.perplexities))
    model = interpolate(first, second, weight)
    write_arpa(model, args.out)
    print(f"{args.out}: {_sizes(model)}")


def _prune(args: argparse.Namespace) -> None:
    model = read_arpa(args.model)
    pruned = prune(model, args.threshold)
    write_arpa(pruned, args.out)
    print(f"{args.out}: {_sizes(model)} in -> {_sizes(pruned)} kept")


def _sizes(model: BackoffModel) -> str:
    return ", ".join(f"{count} {order}-grams" for order, count in enumerate(model.num_ngrams, start=1))


def _outside(unknown: Counter[str]) -> str:
    named = ", ".join(word for word, _ in unknown.most_common(10)) + (", ..." if len(unknown) > 10 else "")
    return f"{len(unknown)} words are outside the vocabulary, {unknown.total()} times in all: {named}"
