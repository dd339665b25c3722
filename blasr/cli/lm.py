"""``blasr lm``: train, measure, interpolate and prune n-gram language models."""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from blasr.cli.options import add_option, add_yes_no, number, positive_integer, positive_integers
from blasr.cli.parser import Command, add_commands, examples, run_command
from blasr.errors import ConfigError

if TYPE_CHECKING:
    from blasr.lm import BackoffModel

EPILOG = (
    examples(
        "blasr lm train --text lm.txt --order 4 --min-counts 1,1,2 --vocabulary data/lang/words.txt --out lm.arpa.gz",
        "blasr lm perplexity lm.arpa.gz --text heldout.txt",
        "blasr lm interpolate swbd.arpa.gz fisher.arpa.gz --tune heldout.txt --out mixed.arpa.gz",
        "blasr lm prune mixed.arpa.gz --threshold 1e-8 --out small.arpa.gz",
    )
    + "\n\nTexts have one sentence per line. Texts and ARPA models may be compressed (.gz)."
)
UNKNOWN = "<unk>"
PLAIN = "without it, they are plain sentences"
OUT = "an ARPA model, compressed if its name ends in .gz"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the commands of ``blasr lm``."""
    parser.epilog = EPILOG
    add_commands(parser, COMMANDS)


def run(args: argparse.Namespace) -> None:
    """Run the chosen command."""
    run_command(args)


def _configure_train(parser: argparse.ArgumentParser) -> None:
    add_option(parser, "--text", required=True, note="sentences")
    add_option(parser, "--utterance-ids", note=PLAIN)
    add_option(parser, "--out", required=True, note=OUT)
    parser.add_argument("--order", type=positive_integer, default=3, metavar="N", help="length of the n-grams, 1 to 5")
    parser.add_argument(
        "--smoothing", choices=("kneser-ney", "witten-bell"), default="kneser-ney", help="how to discount counts"
    )
    parser.add_argument(
        "--vocabulary",
        type=Path,
        metavar="FILE",
        help="a words.txt, or a list of words (default: the words of the text)",
    )
    unknown = f"the word that replaces all other words (default: {UNKNOWN})"
    parser.add_argument("--unknown", metavar="WORD", help=unknown)
    add_yes_no(parser, "--closed", "use no unknown word, and refuse texts with words outside the vocabulary")
    parser.add_argument(
        "--min-counts",
        type=positive_integers,
        metavar="LIST",
        help="minimum count of n-grams of order 1, 2, ...; the last also applies to higher orders (default: 1)",
    )


def _train(args: argparse.Namespace) -> None:
    from blasr.lm import (
        estimate_kneser_ney,
        estimate_witten_bell,
        iterate_sentences,
        read_vocabulary,
        write_arpa,
    )

    if args.smoothing == "witten-bell":
        for option, value in (("unknown", args.unknown), ("min-counts", args.min_counts)):  # it is always closed
            if value is not None:
                message = f"--{option} is for --smoothing kneser-ney"
                raise ConfigError(message, fix=f"leave out --{option}, or --smoothing witten-bell")
    sentences = iterate_sentences(args.text, utterance_ids=args.utterance_ids)
    vocabulary = None if args.vocabulary is None else read_vocabulary(args.vocabulary)
    if args.smoothing == "witten-bell":
        model = estimate_witten_bell(sentences, args.order, vocabulary=vocabulary)
        write_arpa(model, args.out)
        print(f"{args.out}: Witten-Bell, {_sizes(model)}")
        return
    unknown = UNKNOWN if args.unknown is None else args.unknown
    found = estimate_kneser_ney(
        sentences,
        args.order,
        vocabulary=vocabulary,
        unknown=None if args.closed else unknown,
        min_counts=list(args.min_counts or (1,)),
    )
    write_arpa(found.model, args.out)
    if found.unknown_words:
        print(f"{_unknown_words(found.unknown_words)}; they become {unknown}")
    for order, discounts in enumerate(found.discounts, start=1):
        fallback = " (fallback)" if order in found.fallback_orders else ""
        print(f"discounts of order {order}: {', '.join(f'{value:.4f}' for value in discounts)}{fallback}")
    print(f"{args.out}: Kneser-Ney, {_sizes(found.model)}")


def _configure_perplexity(parser: argparse.ArgumentParser) -> None:
    _add_model(parser, "arpa", "ARPA")
    add_option(parser, "--text", required=True, note="sentences")
    add_option(parser, "--utterance-ids", note=PLAIN)


def _perplexity(args: argparse.Namespace) -> None:
    from blasr.lm import iterate_sentences, measure_perplexity, read_arpa

    sentences = iterate_sentences(args.text, utterance_ids=args.utterance_ids)
    found = measure_perplexity(read_arpa(args.arpa), sentences)
    print(f"{found.num_sentences} sentences, {found.num_words} words, {found.unknown_words.total()} of them unknown")
    if found.unknown_words:
        print(_unknown_words(found.unknown_words))
    print(f"log10 probability of known words and sentence ends: {found.log_prob:.4f}")
    print(f"perplexity: {found.perplexity:.4f} ({found.word_perplexity:.4f} per word without sentence ends)")
    if found.open_perplexity is not None:
        print(f"perplexity with unknown words as {UNKNOWN}: {found.open_perplexity:.4f}")


def _configure_interpolate(parser: argparse.ArgumentParser) -> None:
    _add_model(parser, "first", "A")
    _add_model(parser, "second", "B")
    add_option(parser, "--out", required=True, note=OUT)
    weight = parser.add_mutually_exclusive_group(required=True)
    weight.add_argument("--tune", type=Path, metavar="TEXT", help="held-out sentences that choose the weight")
    weight.add_argument("--weight", type=number, metavar="X", help="the weight of A, from 0 to 1")
    add_option(parser, "--utterance-ids", note=f"for --tune; {PLAIN}")


def _interpolate(args: argparse.Namespace) -> None:
    from blasr.lm import interpolate, iterate_sentences, read_arpa, tune_weight, write_arpa

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


def _configure_prune(parser: argparse.ArgumentParser) -> None:
    _add_model(parser, "arpa", "ARPA")
    add_option(parser, "--out", required=True, note=OUT)
    parser.add_argument(
        "--threshold",
        type=number,
        required=True,
        metavar="X",
        help="remove an n-gram if that raises the perplexity by less than this share",
    )


def _prune(args: argparse.Namespace) -> None:
    from blasr.lm import prune, read_arpa, write_arpa

    model = read_arpa(args.arpa)
    pruned = prune(model, args.threshold)
    write_arpa(pruned, args.out)
    print(f"{args.out}: {_sizes(model)} in -> {_sizes(pruned)} kept")


def _add_model(parser: argparse.ArgumentParser, name: str, metavar: str) -> None:
    parser.add_argument(name, type=Path, metavar=metavar, help="an ARPA model")


def _sizes(model: BackoffModel) -> str:
    return ", ".join(f"{count} {order}-grams" for order, count in enumerate(model.num_ngrams, start=1))


def _unknown_words(unknown: Counter[str]) -> str:
    named = ", ".join(word for word, _ in unknown.most_common(10)) + (", ..." if len(unknown) > 10 else "")
    return f"{len(unknown)} words are outside the vocabulary, {unknown.total()} times in all: {named}"


COMMANDS = {
    "train": Command(
        "text -> n-gram model",
        ("blasr lm train --text lm.txt --order 4 --min-counts 1,1,2 --vocabulary words.txt --out lm.arpa.gz",),
        _configure_train,
        _train,
    ),
    "perplexity": Command(
        "perplexity of a text, with its unknown words counted separately",
        ("blasr lm perplexity lm.arpa.gz --text heldout.txt",),
        _configure_perplexity,
        _perplexity,
    ),
    "interpolate": Command(
        "two models -> their linear interpolation as one model",
        (
            "blasr lm interpolate swbd.arpa.gz fisher.arpa.gz --tune heldout.txt --out mixed.arpa.gz",
            "blasr lm interpolate swbd.arpa.gz fisher.arpa.gz --weight 0.7 --out mixed.arpa.gz",
        ),
        _configure_interpolate,
        _interpolate,
    ),
    "prune": Command(
        "entropy pruning",
        ("blasr lm prune mixed.arpa.gz --threshold 1e-8 --out small.arpa.gz",),
        _configure_prune,
        _prune,
    ),
}
