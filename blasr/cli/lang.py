"""``blasr lang``: a lexicon and its phones to a lang directory."""

from __future__ import annotations

import argparse
from pathlib import Path

from blasr.cli.options import add_option, add_yes_no, non_negative_number, positive_integer, words
from blasr.cli.parser import examples

EPILOG = (
    examples(
        "blasr lang --lexicon data/local/lexicon.txt --silence-phones SIL,SPN --oov '<UNK>' --out data/lang",
        "blasr lang --subwords data/subwords --silence-phones SIL,SPN --oov '<unk>' --out data/lang",
    )
    + """

lexicon.txt has one line 'WORD PHONE PHONE...' per pronunciation, lexiconp.txt 'WORD PROBABILITY PHONE PHONE...'.
lexiconp_silprob.txt has three numbers about silence after the probability, and needs silprob.txt in the same
directory; Kaldi's utils/dict_dir_add_pronprobs.sh writes both. They replace --silence-probability.
"""
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``blasr lang``."""
    parser.epilog = EPILOG
    lexicon = parser.add_mutually_exclusive_group(required=True)
    lexicon.add_argument(
        "--lexicon", type=Path, metavar="FILE", help="lexicon.txt, lexiconp.txt or lexiconp_silprob.txt"
    )
    lexicon.add_argument("--subwords", type=Path, metavar="DIR", help="pieces of words, from blasr subwords train")
    add_option(parser, "--out", required=True, note="the lang directory to write")
    parser.add_argument(
        "--silence-phones", type=words, required=True, metavar="LIST", help="phones of silence and noise: SIL,SPN"
    )
    parser.add_argument("--oov", required=True, metavar="WORD", help="the word of the lexicon for unknown words")
    parser.add_argument("--optional-silence", default="SIL", metavar="PHONE", help="the silence phone between words")
    parser.add_argument(
        "--silence-probability",
        type=non_negative_number,
        metavar="X",
        help="probability of silence between words, 0 for none (default: 0.5)",
    )
    add_yes_no(parser, "--position-dependent", "mark phones by their position in the word: _B _I _E _S")
    parser.add_argument(
        "--nonsilence-phones",
        type=Path,
        metavar="FILE",
        help="the other phones, with the variants of one phone on one line; a phone of the lexicon that is not listed "
        "is then an error (default: all phones of the lexicon)",
    )
    parser.add_argument(
        "--extra-questions",
        type=Path,
        metavar="FILE",
        help="sets of phones that the tree may ask about, one set per line",
    )
    parser.add_argument(
        "--silence-states", type=positive_integer, default=5, metavar="N", help="HMM states of a silence phone"
    )
    parser.add_argument(
        "--nonsilence-states", type=positive_integer, default=3, metavar="N", help="HMM states of any other phone"
    )


def run(args: argparse.Namespace) -> None:
    """Write the lang directory and print its size."""
    from blasr.graph.config import LangConfig
    from blasr.graph.lang_files import read_phone_groups
    from blasr.graph.lang_writing import make_lang
    from blasr.lexicon.subwords_dir import LEXICON, SubwordsDir

    subwords = None if args.subwords is None else SubwordsDir.read(args.subwords)
    lang = make_lang(
        args.lexicon if subwords is None else subwords.path / LEXICON,
        args.out,
        LangConfig(
            silence_phones=args.silence_phones,
            oov=args.oov,
            optional_silence=args.optional_silence,
            silence_probability=args.silence_probability,
            position_dependent=args.position_dependent,
            nonsilence_phones=None if args.nonsilence_phones is None else read_phone_groups(args.nonsilence_phones),
            extra_questions=None if args.extra_questions is None else read_phone_groups(args.extra_questions),
            num_silence_states=args.silence_states,
            num_nonsilence_states=args.nonsilence_states,
        ),
        whole_words=None if subwords is None else subwords.whole,
    )
    kind = "words" if subwords is None else "pieces and whole words"
    print(
        f"{args.out}: {len(lang.vocabulary)} {kind}, {len(lang.silence_phones)} silence and "
        f"{len(lang.nonsilence_phones)} other phones, L.fst with {lang.lexicon_fst.num_states} states"
    )
