"""Combine Switchboard and Fisher into the training set, and write the texts of its language model.

Frequent utterances such as "yeah" or "mhm" are kept a limited number of times, as in Kaldi's ``remove_dup_utts.sh``.
The texts of the language model keep all of them. Some Switchboard conversations are held out of these texts. They
determine the interpolation weight of the two corpora's models.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from blasr.cli.options import add_option
from blasr.data.data_dir import DataDir, Utterance
from blasr.errors import DataError
from blasr.io.atomic import atomic_open
from blasr.tally import Tally
from recipes.common.command import run_step, step_parser


def limit_repeats(utterances: Iterable[Utterance], most: int, tally: Tally) -> list[Utterance]:
    """Return the utterances without those that repeat an utterance seen ``most`` times before; 0 means no limit."""
    occurrences: Counter[tuple[str, ...]] = Counter()
    kept = []
    for utterance in utterances:
        words = utterance.words or ()
        occurrences[words] += 1
        if most and occurrences[words] > most:
            tally.drop(utterance.id, f"repeating words that occurred {most} times")
        else:
            tally.keep()
            kept.append(utterance)
    return kept


def write_text(path: Path, utterances: Iterable[Utterance]) -> int:
    """Write one sentence per line and return the number of sentences.

    Raises:
        DataError: there are no sentences.
    """
    count = 0
    with atomic_open(path, "w") as stream:
        for utterance in utterances:
            stream.write(" ".join(utterance.words or ()) + "\n")
            count += 1
    if count == 0:
        raise DataError("no sentences to write", path=path, fix="hold out fewer conversations with --heldout-every")
    return count


def combine(swbd: Path, fisher: Path, out: Path, texts: Path, max_repeats: int, heldout_every: int) -> None:
    """Write the training set and the texts ``swbd.txt``, ``fisher.txt`` and ``heldout.txt``.

    Args:
        swbd: the data directory of Switchboard.
        fisher: the data directory of Fisher.
        out: the data directory of the training set.
        texts: the folder of the texts.
        max_repeats: how many copies of an utterance are kept; 0 for all.
        heldout_every: every Nth Switchboard conversation is held out.

    Raises:
        DataError: a data directory is broken.
    """
    parts = [DataDir.read(path, need_text=True) for path in (swbd, fisher)]
    tally = Tally("training set", 1)
    utterances = limit_repeats([utterance for part in parts for utterance in part.utterances], max_repeats, tally)
    print(tally.summary())
    both = DataDir(
        out,
        tuple(utterances),
        {**parts[0].recordings, **parts[1].recordings},
        parts[0].reco2file_and_channel | parts[1].reco2file_and_channel,
    )
    both.subset([utterance.id for utterance in utterances]).write(out)
    training, heldout = hold_out(parts[0], heldout_every)
    for name, chosen in (("swbd", training), ("fisher", parts[1].utterances), ("heldout", heldout)):
        path = texts / f"{name}.txt"
        print(f"{path}: {write_text(path, chosen)} sentences")


def hold_out(swbd: DataDir, every: int) -> tuple[list[Utterance], list[Utterance]]:
    """Return the utterances of the other conversations and those of every Nth conversation (at least of one)."""
    names = sorted({name for name, _ in swbd.reco2file_and_channel.values()})
    chosen = set(names[every - 1 :: every]) or {names[-1]}
    kept: list[Utterance] = []
    heldout: list[Utterance] = []
    for utterance in swbd.utterances:
        is_heldout = swbd.reco2file_and_channel[utterance.recording][0] in chosen
        (heldout if is_heldout else kept).append(utterance)
    return kept, heldout


def main() -> None:
    parser = step_parser("recipes.swbd.combine", __doc__)
    parser.add_argument("--swbd", type=Path, required=True, metavar="DIR", help="the data directory of Switchboard")
    parser.add_argument("--fisher", type=Path, required=True, metavar="DIR", help="the data directory of Fisher")
    add_option(parser, "--out", required=True, note="the data directory of the training set")
    help_text = "the folder that receives the language model's texts"
    parser.add_argument("--texts", type=Path, required=True, metavar="DIR", help=help_text)
    help_text = "copies of an utterance that are kept, 0 for all (default: 300)"
    parser.add_argument("--max-repeats", type=int, default=300, metavar="N", help=help_text)
    help_text = "hold out every Nth Switchboard conversation (default: 40)"
    parser.add_argument("--heldout-every", type=int, default=40, metavar="N", help=help_text)
    run_step(parser, combine)


if __name__ == "__main__":
    main()
