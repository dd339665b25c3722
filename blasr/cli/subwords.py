"""``blasr subwords``: an open vocabulary: pieces of words, texts in pieces, and words again."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from blasr.cli.score.report import read_text
from blasr.errors import DataError
from blasr.io.atomic import atomic_open
from blasr.io.nist.ctm import read_ctm, write_ctm
from blasr.lexicon.pronunciations import Pronunciation, read_lexicon
from blasr.lexicon.subwords import spell
from blasr.lexicon.subwords_dir import UNKNOWN, SubwordsDir, make_subwords_dir
from blasr.lexicon.word_pieces import WHOLE_WORDS, WordJoiner
from blasr.lm.text import iterate_sentences

EPILOG = """\
example, from transcripts to words without a lexicon:
  blasr subwords train --text data/train/text --utterance-ids --vocabulary-size 500 data/subwords
  blasr lang --subwords data/subwords --silence-phones SIL,SPN --oov '<unk>' data/lang
  blasr subwords apply --utterance-ids data/subwords data/train/text data/train_pieces/text
  blasr align --data data/train_pieces --lang data/lang exp/tri
  blasr subwords apply data/subwords lm.txt lm_pieces.txt
  blasr lm train --text lm_pieces.txt --order 4 --closed lm.arpa.gz
  blasr graph --lang data/lang --arpa lm.arpa.gz --model exp/tri exp/tri/graph

blasr decode, score and lattice then put the words together by themselves; for the output of other decoders:
  blasr subwords join data/lang hyp.txt words.txt
  blasr subwords join --ctm data/lang hyp.ctm words.ctm
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``blasr subwords``."""
    parser.epilog = EPILOG
    tasks = parser.add_subparsers(dest="task", metavar="TASK", required=True)
    train = tasks.add_parser("train", help="text -> a folder with subwords.model, lexiconp.txt and whole_words.txt")
    train.set_defaults(task_run=_train)
    train.add_argument("out", metavar="OUT", type=Path, help="the folder to write")
    train.add_argument("--text", required=True, type=Path, help="sentences, plain or .gz")
    train.add_argument("--vocabulary-size", type=int, default=500, metavar="N", help="pieces (default: %(default)s)")
    train.add_argument("--method", choices=("unigram", "bpe"), default="unigram", help="(default: %(default)s)")
    train.add_argument(
        "--dictionary",
        type=Path,
        metavar="LEXICON",
        help="pronunciations of words, lexicon.txt or lexiconp.txt, to learn those of pieces from (default: pieces are "
        "pronounced as they are spelt, letters being the phones)",
    )
    apply = tasks.add_parser("apply", help="text of words -> text of pieces")
    apply.set_defaults(task_run=_apply)
    apply.add_argument("subwords", type=Path, help="the folder that train wrote")
    apply.add_argument("text", metavar="IN", type=Path, help="sentences, plain or .gz")
    apply.add_argument("out", metavar="OUT", type=Path, help="the same in pieces")
    apply.add_argument(
        "--unknown", metavar="WORD", help="what becomes of words with letters that have no piece (default: an error)"
    )
    spelling = tasks.add_parser("spell", help="text -> lexicon.txt of its words with their letters as phones")
    spelling.set_defaults(task_run=_spell)
    spelling.add_argument("text", metavar="IN", type=Path, help="sentences, plain or .gz")
    spelling.add_argument("out", metavar="OUT", type=Path, help="the lexicon to write")
    for task in (train, apply, spelling):
        task.add_argument("--utterance-ids", action="store_true", help="lines of the text begin with an utterance-id")
    for task in (train, spelling):
        task.add_argument(
            "--whole",
            type=Path,
            metavar="LEXICON",
            help="words that are not spelt, such as noises, and their phones (default: <unk> SPN)",
        )
    join = tasks.add_parser("join", help="text (utterance-id and pieces) or CTM of pieces -> the same of words")
    join.set_defaults(task_run=_join)
    join.add_argument("folder", type=Path, help=f"the lang directory, graph or other folder with {WHOLE_WORDS}")
    join.add_argument("hypotheses", metavar="IN", type=Path)
    join.add_argument("out", metavar="OUT", type=Path)
    join.add_argument("--ctm", action="store_true", help="IN is a CTM file")


def run(args: argparse.Namespace) -> None:
    """Do one of the tasks."""
    args.task_run(args)


def _train(args: argparse.Namespace) -> None:
    whole = _whole(args)
    dictionary = [] if args.dictionary is None else read_lexicon(args.dictionary)
    sentences = iterate_sentences(args.text, utterance_ids=args.utterance_ids)
    found = make_subwords_dir(
        sentences,
        args.vocabulary_size,
        args.out,
        method=args.method,
        whole=whole,
        dictionary=dictionary,
    )
    phones = {phone for entry in found.lexicon if entry.word not in found.whole for phone in entry.phones}
    print(f"{args.out}: {len(found.pieces)} pieces of {len(phones)} phones, {len(found.whole)} whole words")
    if dictionary:
        alike = list(found.spells(dictionary))
        print(f"{sum(alike)} of the dictionary's {len(alike)} pronunciations are among those of the words' pieces")
    if unspoken := sorted(set(found.model().pieces) - found.pieces - found.whole):
        print(f"{len(unspoken)} pieces have letters that the dictionary has not: {_first_ten(unspoken)}")


def _first_ten(words: Sequence[str]) -> str:
    return ", ".join(words[:10]) + (", ..." if len(words) > 10 else "")


def _whole(args: argparse.Namespace) -> Sequence[Pronunciation]:
    return [UNKNOWN] if args.whole is None else read_lexicon(args.whole)


def _spell(args: argparse.Namespace) -> None:
    whole = _whole(args)
    words = {word for words in iterate_sentences(args.text, utterance_ids=args.utterance_ids) for word in words}
    spelt = sorted(words - {entry.word for entry in whole})
    if not spelt:
        raise DataError("the text has no words to spell", path=args.text)
    with atomic_open(args.out, "w") as file:
        file.writelines(f"{entry.word} {' '.join(entry.phones)}\n" for entry in whole)
        file.writelines(f"{word} {' '.join(spell(word))}\n" for word in spelt)
    print(f"{args.out}: {len(spelt)} words spelt, {len(whole)} others")


def _apply(args: argparse.Namespace) -> None:
    subwords = SubwordsDir.read(args.subwords)
    if args.unknown is not None and args.unknown not in subwords.whole:
        raise DataError(
            f"{args.unknown!r} is not in {WHOLE_WORDS}", path=args.subwords, fix="train with a --whole that has it"
        )
    model, known = subwords.model(), subwords.pieces | subwords.whole
    num_words = num_pieces = 0
    unspelt: Counter[str] = Counter()
    with atomic_open(args.out, "w") as file:
        for fields in iterate_sentences(args.text):
            line, words = (fields[:1], fields[1:]) if args.utterance_ids else ([], fields)
            for word in words:
                pieces = model.split([word])
                if not known.issuperset(pieces):
                    unspelt[word] += 1
                    pieces = pieces if args.unknown is None else [args.unknown]
                line = [*line, *pieces]
                num_pieces += len(pieces)
            num_words += len(words)
            file.write(" ".join(line) + "\n")
        if unspelt:
            named = _first_ten([word for word, _ in unspelt.most_common()])
            message = f"{len(unspelt)} words have letters without a piece, {unspelt.total()} times in all: {named}"
            if args.unknown is None:
                raise DataError(message, path=args.text, fix="train on text with these letters, or choose an --unknown")
            print(f"{message}; they are {args.unknown}")
    print(f"{args.out}: {num_words} words in -> {num_pieces} pieces")


def _join(args: argparse.Namespace) -> None:
    if not (args.folder / WHOLE_WORDS).is_file():
        raise DataError(
            f"there is no {WHOLE_WORDS}", path=args.folder, fix="name the folder of blasr subwords train or blasr lang"
        )
    joiner = WordJoiner.beside(args.folder / WHOLE_WORDS)
    if args.ctm:
        rows = list(read_ctm(args.hypotheses))
        joined = joiner.join_ctm(rows)
        write_ctm(args.out, joined)
        print(f"{args.out}: {len(rows)} pieces in -> {len(joined)} words")
        return
    text = read_text(args.hypotheses)
    words = {utterance: joiner.join(pieces) for utterance, pieces in text.items()}
    with atomic_open(args.out, "w") as file:
        file.writelines(" ".join([utterance, *row]) + "\n" for utterance, row in words.items())
    print(f"{args.out}: {sum(map(len, text.values()))} pieces in -> {sum(map(len, words.values()))} words")
