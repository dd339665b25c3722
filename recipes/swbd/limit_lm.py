"""Prune an ARPA language model to a number of n-grams: the least threshold, of a geometric series, that gets there."""

from __future__ import annotations

import argparse
from pathlib import Path

from blasr.errors import ConfigError
from blasr.lm.arpa import read_arpa, write_arpa
from blasr.lm.backoff_model import BackoffModel
from blasr.lm.pruning import prune
from recipes.common.command import run_command

FIRST_THRESHOLD, STEP, LARGEST_THRESHOLD = 1e-10, 10**0.125, 0.1


def limit(model: BackoffModel, most: int) -> tuple[BackoffModel, float]:
    """The pruned model of at most ``most`` n-grams, all orders together, and its threshold (0 for none needed).

    Raises:
        ConfigError: the single words alone are more.
    """
    if model.num_ngrams[0] > most:
        raise ConfigError(f"found {model.num_ngrams[0]} single words, expected at most {most} n-grams in all")
    if sum(model.num_ngrams) <= most:
        return model, 0.0
    threshold = FIRST_THRESHOLD
    while threshold <= LARGEST_THRESHOLD:
        pruned = prune(model, threshold)
        if sum(pruned.num_ngrams) <= most:
            return pruned, threshold
        # far from the goal, take larger steps
        threshold *= STEP ** (4 if sum(pruned.num_ngrams) > 2 * most else 1)
    raise ConfigError(f"no threshold up to {LARGEST_THRESHOLD} leaves at most {most} n-grams")


def run(args: argparse.Namespace) -> None:
    """Write ``args.out``.

    Raises:
        ConfigError: it cannot be made so small.
    """
    model = read_arpa(args.model)
    pruned, threshold = limit(model, args.most)
    write_arpa(pruned, args.out)
    sizes = ", ".join(f"{count} {order}-grams" for order, count in enumerate(pruned.num_ngrams, start=1))
    print(
        f"{args.out}: {sum(model.num_ngrams)} n-grams in -> {sum(pruned.num_ngrams)} kept at threshold "
        f"{threshold:.3g} (at most {args.most}): {sizes}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="recipes.swbd.limit_lm", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("model", type=Path, help="ARPA, plain or .gz")
    parser.add_argument("out", type=Path, metavar="OUT", help="the ARPA file to write")
    parser.add_argument("--most", type=int, default=4_000_000, help="n-grams, all orders (default: %(default)s)")
    run_command(parser, run)


if __name__ == "__main__":
    main()
