"""The training set of Switchboard and Fisher, and the texts of its language model.

Of an utterance that is said over and over ("yeah", "mhm") only so many copies train the acoustic model, as Kaldi's
``remove_dup_utts.sh``. The language model's texts keep all; some Switchboard conversations are held out of them, to
weigh the models of both corpora.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from blasr.data.data_dir import DataDir, Utterance
from blasr.errors import DataError
from blasr.io.atomic import atomic_open
from blasr.tally import Tally
from recipes.common.command import run_command


def limit_repeats(utterances: Iterable[Utterance], most: int, tally: Tally) -> list[Utterance]:
    """The utterances without those whose very words were said ``most`` times before; 0 for no limit."""
    said: Counter[tuple[str, ...]] = Counter()
    kept = []
    for utterance in utterances:
        words = utterance.words or ()
        said[words] += 1
        if most and said[words] > most:
            tally.drop(utterance.id, f"repeating what was said {most} times")
        else:
            tally.keep()
            kept.append(utterance)
    return kept


def write_text(path: Path, utterances: Iterable[Utterance]) -> int:
    """Write one sentence a line and return how many there are.

    Raises:
        DataError: there is none.
    """
    count = 0
    with atomic_open(path, "w") as stream:
        for utterance in utterances:
            stream.write(" ".join(utterance.words or ()) + "\n")
            count += 1
    if count == 0:
        raise DataError("no sentence to write", path=path, fix="hold out fewer conversations with --heldout-every")
    return count


def combine(args: argparse.Namespace) -> None:
    """Write the data directory ``args.out`` and the texts ``swbd.txt``, ``fisher.txt`` and ``heldout.txt``.

    Raises:
        DataError: a directory cannot be used.
    """
    swbd, fisher = (DataDir.read(path, need_text=True) for path in (args.swbd, args.fisher))
    tally = Tally("training set", 1)
    utterances = limit_repeats([*swbd.utterances, *fisher.utterances], args.max_repeats, tally)
    print(tally.summary())
    both = DataDir(
        args.out,
        tuple(utterances),
        swbd.recordings | fisher.recordings,
        swbd.reco2file_and_channel | fisher.reco2file_and_channel,
    )
    both.subset([utterance.id for utterance in utterances]).write(args.out)
    names = sorted({name for name, _ in swbd.reco2file_and_channel.values()})
    heldout = set(names[args.heldout_every - 1 :: args.heldout_every]) or {names[-1]}

    def is_heldout(utterance: Utterance) -> bool:
        return swbd.reco2file_and_channel[utterance.recording][0] in heldout

    texts = {
        "swbd": [utterance for utterance in swbd.utterances if not is_heldout(utterance)],
        "fisher": list(fisher.utterances),
        "heldout": [utterance for utterance in swbd.utterances if is_heldout(utterance)],
    }
    for name, chosen in texts.items():
        print(f"{args.texts / name}.txt: {write_text(args.texts / f'{name}.txt', chosen)} sentences")


def main() -> None:
    parser = argparse.ArgumentParser(prog="recipes.swbd.combine", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("swbd", type=Path, help="data directory of Switchboard")
    parser.add_argument("fisher", type=Path, help="data directory of Fisher")
    parser.add_argument("out", type=Path, metavar="OUT", help="the data directory to write")
    parser.add_argument("texts", type=Path, metavar="TEXTS", help="folder for the language model's texts")
    parser.add_argument("--max-repeats", type=int, default=300, help="copies of an utterance; 0 for all (default: 300)")
    parser.add_argument("--heldout-every", type=int, default=40, help="hold out every Nth conversation (default: 40)")
    run_command(parser, combine)


if __name__ == "__main__":
    main()
