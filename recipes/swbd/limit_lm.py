"""Prune an ARPA language model to a number of n-grams.

The threshold is the smallest one of a geometric series that leaves at most this number.
"""

from __future__ import annotations

from pathlib import Path

from blasr.cli.options import add_option
from blasr.errors import ConfigError
from blasr.lm.arpa import read_arpa, write_arpa
from blasr.lm.backoff_model import BackoffModel
from blasr.lm.pruning import prune
from recipes.common.command import run_step, step_parser

FIRST_THRESHOLD, STEP, LARGEST_THRESHOLD = 1e-10, 10**0.125, 0.1


def limit(model: BackoffModel, most: int) -> tuple[BackoffModel, float]:
    """Return the model pruned to at most ``most`` n-grams of all orders, and the threshold (0 if it is small enough).

    Raises:
        ConfigError: there are more 1-grams than that, or no threshold leaves at most ``most`` n-grams.
    """
    if model.num_ngrams[0] > most:
        raise ConfigError(f"found {model.num_ngrams[0]} 1-grams, expected at most {most} n-grams of all orders")
    if sum(model.num_ngrams) <= most:
        return model, 0.0
    threshold = FIRST_THRESHOLD
    while threshold <= LARGEST_THRESHOLD:
        pruned = prune(model, threshold)
        if sum(pruned.num_ngrams) <= most:
            return pruned, threshold
        # larger steps while far from the goal
        threshold *= STEP ** (4 if sum(pruned.num_ngrams) > 2 * most else 1)
    raise ConfigError(f"no threshold up to {LARGEST_THRESHOLD} leaves at most {most} n-grams")


def limit_lm(arpa: Path, out: Path, most: int) -> None:
    """Write the ARPA model ``arpa`` to ``out``, pruned to at most ``most`` n-grams.

    Raises:
        ConfigError: no threshold leaves at most ``most`` n-grams.
    """
    model = read_arpa(arpa)
    pruned, threshold = limit(model, most)
    write_arpa(pruned, out)
    sizes = ", ".join(f"{count} {order}-grams" for order, count in enumerate(pruned.num_ngrams, start=1))
    print(
        f"{out}: {sum(model.num_ngrams)} n-grams in -> {sum(pruned.num_ngrams)} kept at threshold "
        f"{threshold:.3g} (at most {most}): {sizes}"
    )


def main() -> None:
    parser = step_parser("recipes.swbd.limit_lm", __doc__)
    parser.add_argument("arpa", type=Path, metavar="ARPA", help="the model, plain or .gz")
    add_option(parser, "--out", required=True, note="the ARPA file to write, plain or .gz")
    help_text = "maximum number of n-grams of all orders (default: %(default)s)"
    parser.add_argument("--most", type=int, default=4_000_000, metavar="N", help=help_text)
    run_step(parser, limit_lm)


if __name__ == "__main__":
    main()
