"""``blasr subwords``: an open vocabulary: learn pieces of words, split texts into pieces, join pieces to words."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from blasr.cli.options import add_option, positive_integer
from blasr.cli.parser import Command, add_commands, examples, run_command
from blasr.errors import DataError

if TYPE_CHECKING:
    from blasr.lexicon import Pronunciation

EPILOG = (
    "From transcripts to a decoding graph without a lexicon:\n"
    + examples(
        "blasr subwords train --text data/train/text --utterance-ids --vocabulary-size 500 --out data/subwords",
        "blasr lang --subwords data/subwords --silence-phones SIL,SPN --oov '<unk>' --out data/lang",
        "blasr subwords apply --subwords data/subwords --text data/train/text --utterance-ids \\",
        "    --out data/train_pieces/text",
        "blasr align --data data/train_pieces --lang data/lang --out exp/tri",
        "blasr subwords apply --subwords data/subwords --text lm.txt --out lm_pieces.txt",
        "blasr lm train --text lm_pieces.txt --order 4 --closed --out lm.arpa.gz",
        "blasr graph --lang data/lang --arpa lm.arpa.gz --gmm exp/tri --out exp/tri/graph",
    )
    + "\n\nblasr decode, score and lattice then join pieces to words by themselves. For the output of other decoders:\n"
    + "  blasr subwords join --subwords data/lang --hyp hyp.txt --out words.txt\n"
    + "  blasr subwords join --subwords data/lang --ctm hyp.ctm --out words.ctm"
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the commands of ``blasr subwords``."""
    parser.epilog = EPILOG
    add_commands(parser, COMMANDS)


def run(args: argparse.Namespace) -> None:
    """Run the chosen command."""
    run_command(args)


def _add_text(parser: argparse.ArgumentParser) -> None:
    add_option(parser, "--text", required=True, note="sentences, which may be compressed (.gz)")
    add_option(parser, "--utterance-ids")


def _add_whole(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--whole",
        type=Path,
        metavar="FILE",
        help="a lexicon of words that are not spelled, such as noises (default: <unk> SPN)",
    )


def _whole(path: Path | None) -> Sequence[Pronunciation]:
    from blasr.lexicon import UNKNOWN, read_lexicon

    return [UNKNOWN] if path is None else read_lexicon(path)


def _configure_train(parser: argparse.ArgumentParser) -> None:
    _add_text(parser)
    add_option(parser, "--out", required=True, note="the directory to write")
    parser.add_argument("--vocabulary-size", type=positive_integer, default=500, metavar="N", help="number of pieces")
    parser.add_argument("--method", choices=("unigram", "bpe"), default="unigram", help="how to find the pieces")
    parser.add_argument(
        "--dictionary",
        type=Path,
        metavar="FILE",
        help="pronunciations of words, lexicon.txt or lexiconp.txt, from which to learn those of the pieces (default: "
        "the letters of a piece are its phones)",
    )
    _add_whole(parser)


def _train(args: argparse.Namespace) -> None:
    from blasr.lexicon import make_subwords_dir, read_lexicon
    from blasr.lm import iterate_sentences

    dictionary = [] if args.dictionary is None else read_lexicon(args.dictionary)
    found = make_subwords_dir(
        iterate_sentences(args.text, utterance_ids=args.utterance_ids),
        args.vocabulary_size,
        args.out,
        method=args.method,
        whole=_whole(args.whole),
        dictionary=dictionary,
    )
    phones = {phone for entry in found.lexicon if entry.word not in found.whole for phone in entry.phones}
    print(f"{args.out}: {len(found.pieces)} pieces of {len(phones)} phones, {len(found.whole)} whole words")
    if dictionary:
        spelled = list(found.covers(dictionary))
        print(f"{sum(spelled)} of the dictionary's {len(spelled)} pronunciations can be built from pieces of the words")
    if unspoken := sorted(set(found.model().pieces) - found.pieces - found.whole):
        print(f"{len(unspoken)} pieces have letters that the dictionary lacks: {_first_ten(unspoken)}")


def _first_ten(words: Sequence[str]) -> str:
    return ", ".join(words[:10]) + (", ..." if len(words) > 10 else "")


def _configure_apply(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--subwords", type=Path, required=True, metavar="DIR", help="the directory that blasr subwords train wrote"
    )
    _add_text(parser)
    add_option(parser, "--out", required=True, note="the text in pieces")
    parser.add_argument(
        "--unknown", metavar="WORD", help="the replacement for words with letters that no piece has (default: an error)"
    )


def _apply(args: argparse.Namespace) -> None:
    from blasr.lexicon import SubwordsDir, describe_unspelled, split_text
    from blasr.lm import iterate_sentences

    sentences = iterate_sentences(args.text, utterance_ids=args.utterance_ids, keep_ids=True)
    try:
        counts = split_text(
            sentences,
            SubwordsDir.read(args.subwords),
            args.out,
            unknown=args.unknown,
            utterance_ids=args.utterance_ids,
        )
    except DataError as error:
        raise error.at(path=args.text) from None
    if counts.unspelled:
        print(f"{describe_unspelled(counts.unspelled)}; they become {args.unknown}")
    print(f"{args.out}: {counts.num_words} words in -> {counts.num_pieces} pieces")


def _configure_spell(parser: argparse.ArgumentParser) -> None:
    _add_text(parser)
    add_option(parser, "--out", required=True, note="the lexicon to write")
    _add_whole(parser)


def _spell(args: argparse.Namespace) -> None:
    from blasr.lexicon import write_spelled_lexicon
    from blasr.lm import iterate_sentences

    whole = _whole(args.whole)
    sentences = iterate_sentences(args.text, utterance_ids=args.utterance_ids)
    try:
        num_spelled = write_spelled_lexicon((word for words in sentences for word in words), args.out, whole)
    except DataError as error:
        raise error.at(path=args.text) from None
    print(f"{args.out}: {num_spelled} words spelled, {len(whole)} others")


def _configure_join(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--subwords",
        type=Path,
        required=True,
        metavar="DIR",
        help="a directory with whole_words.txt: that of blasr subwords train, blasr lang or blasr graph",
    )
    hypotheses = parser.add_mutually_exclusive_group(required=True)
    add_option(hypotheses, "--hyp", note="utterance-id and pieces")
    hypotheses.add_argument("--ctm", type=Path, metavar="FILE", help="pieces and their times")
    add_option(parser, "--out", required=True, note="the same in words")


def _join(args: argparse.Namespace) -> None:
    from blasr.io import atomic_open
    from blasr.io.nist import read_ctm, write_ctm
    from blasr.lexicon import WHOLE_WORDS, WordJoiner
    from blasr.scoring import read_transcripts

    if not (args.subwords / WHOLE_WORDS).is_file():
        raise DataError(
            f"there is no {WHOLE_WORDS}",
            path=args.subwords,
            fix="name the directory of blasr subwords train or blasr lang",
        )
    joiner = WordJoiner.beside(args.subwords / WHOLE_WORDS)
    if args.ctm is not None:
        rows = list(read_ctm(args.ctm))
        joined = joiner.join_ctm(rows)
        write_ctm(args.out, joined)
        print(f"{args.out}: {len(rows)} pieces in -> {len(joined)} words")
        return
    pieces = read_transcripts(args.hyp)
    words = {utterance: joiner.join(row) for utterance, row in pieces.items()}
    with atomic_open(args.out, "w") as file:
        file.writelines(" ".join([utterance, *row]) + "\n" for utterance, row in words.items())
    print(f"{args.out}: {sum(map(len, pieces.values()))} pieces in -> {sum(map(len, words.values()))} words")


COMMANDS = {
    "train": Command(
        "text -> a directory with subwords.model, lexiconp.txt and whole_words.txt",
        ("blasr subwords train --text data/train/text --utterance-ids --vocabulary-size 500 --out data/subwords",),
        _configure_train,
        _train,
    ),
    "apply": Command(
        "text of words -> text of pieces",
        ("blasr subwords apply --subwords data/subwords --text lm.txt --out lm_pieces.txt",),
        _configure_apply,
        _apply,
    ),
    "spell": Command(
        "text -> a lexicon of its words with their letters as phones",
        ("blasr subwords spell --text data/train/text --utterance-ids --out lexicon.txt",),
        _configure_spell,
        _spell,
    ),
    "join": Command(
        "text (utterance-id and pieces) or CTM of pieces -> the same in words",
        (
            "blasr subwords join --subwords data/lang --hyp hyp.txt --out words.txt",
            "blasr subwords join --subwords data/lang --ctm hyp.ctm --out words.ctm",
        ),
        _configure_join,
        _join,
    ),
}
