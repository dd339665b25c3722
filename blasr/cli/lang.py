"""``blasr lang``: a lexicon and its phones to a lang directory."""

from __future__ import annotations

import argparse
from pathlib import Path

from blasr.graph.config import LangConfig
from blasr.graph.lang_files import read_phone_groups
from blasr.graph.lang_writing import make_lang
from blasr.lexicon.subwords_dir import LEXICON, SubwordsDir

EPILOG = """examples:
  blasr lang --lexicon data/local/lexicon.txt --silence-phones SIL,SPN --oov '<UNK>' data/lang
  blasr lang --subwords data/subwords --silence-phones SIL,SPN --oov '<unk>' data/lang

lexicon.txt has one line 'WORD PHONE PHONE...' per pronunciation, lexiconp.txt 'WORD PROBABILITY PHONE PHONE...'.
lexiconp_silprob.txt has three numbers about silence after the probability, and silprob.txt beside it, as Kaldi's
utils/dict_dir_add_pronprobs.sh writes them; they then take the place of --silence-probability.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``blasr lang``."""
    parser.epilog = EPILOG
    parser.add_argument("out", metavar="OUT", type=Path, help="the lang directory to write")
    lexicon = parser.add_mutually_exclusive_group(required=True)
    lexicon.add_argument("--lexicon", type=Path, help="lexicon.txt, lexiconp.txt or lexiconp_silprob.txt")
    lexicon.add_argument("--subwords", type=Path, metavar="DIR", help="pieces of words, from blasr subwords train")
    parser.add_argument(
        "--silence-phones", required=True, metavar="P,P,...", help="phones of silence and noise, with commas between"
    )
    parser.add_argument("--oov", required=True, metavar="WORD", help="the lexicon's word for unknown words")
    parser.add_argument(
        "--optional-silence", default="SIL", metavar="P", help="the silence phone between words (default: SIL)"
    )
    parser.add_argument(
        "--silence-probability",
        type=float,
        metavar="X",
        help="of silence between words; 0 for none (default: 0.5)",
    )
    parser.add_argument(
        "--position-dependent", action="store_true", help="mark phones by their place in the word: _B _I _E _S"
    )
    parser.add_argument(
        "--nonsilence-phones",
        type=Path,
        metavar="FILE",
        help="the other phones, variants of one phone on one line; then a phone of the lexicon that is not listed is "
        "an error (default: all that the lexicon has)",
    )
    parser.add_argument(
        "--extra-questions", type=Path, metavar="FILE", help="phones that the tree may ask for together, one set a line"
    )
    parser.add_argument("--silence-states", type=int, default=5, metavar="N", help="HMM states (default: 5)")
    parser.add_argument("--nonsilence-states", type=int, default=3, metavar="N", help="HMM states (default: 3)")


def run(args: argparse.Namespace) -> None:
    """Write the lang directory and say what is in it."""
    subwords = None if args.subwords is None else SubwordsDir.read(args.subwords)
    lang = make_lang(
        args.lexicon if subwords is None else subwords.path / LEXICON,
        args.out,
        LangConfig(
            silence_phones=[phone for phone in args.silence_phones.replace(",", " ").split() if phone],
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
    num_words = len(lang.vocabulary)
    print(
        f"{args.out}: {num_words} {kind}, {len(lang.silence_phones)} silence and {len(lang.nonsilence_phones)} other "
        f"phones, L.fst with {lang.lexicon_fst.num_states} states"
    )
