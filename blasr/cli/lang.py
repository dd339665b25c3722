"""``blasr lang``: a lexicon and its phones to a lang directory."""

from __future__ import annotations

import argparse
from pathlib import Path

from blasr.errors import ConfigError, DataError, FormatError
from blasr.graph.lang import make_lang
from blasr.graph.silence_lexicon import SentenceSilence
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
    sentence_silence = None
    if args.lexicon is not None and args.lexicon.name.startswith("lexiconp_silprob"):
        if args.silence_probability is not None:
            raise ConfigError(f"{args.lexicon} has the probabilities of silence", fix="leave --silence-probability out")
        sentence_silence = SentenceSilence.read(args.lexicon.parent / "silprob.txt")
    subwords = None if args.subwords is None else SubwordsDir.read(args.subwords)
    lang = make_lang(
        args.lexicon if subwords is None else subwords.path / LEXICON,
        args.out,
        silence_phones=[phone for phone in args.silence_phones.replace(",", " ").split() if phone],
        oov=args.oov,
        optional_silence=args.optional_silence,
        silence_probability=0.5 if args.silence_probability is None else args.silence_probability,
        sentence_silence=sentence_silence,
        position_dependent=args.position_dependent,
        nonsilence_phones=None if args.nonsilence_phones is None else _read_rows(args.nonsilence_phones),
        extra_questions=None if args.extra_questions is None else _read_rows(args.extra_questions),
        num_silence_states=args.silence_states,
        num_nonsilence_states=args.nonsilence_states,
        whole_words=None if subwords is None else subwords.whole,
    )
    kind = "words" if subwords is None else "pieces and whole words"
    num_words = sum(1 for word in lang.words if word not in ("<eps>", "#0", "<s>", "</s>"))
    print(
        f"{args.out}: {num_words} {kind}, {len(lang.silence_phones)} silence and {len(lang.nonsilence_phones)} other "
        f"phones, L.fst with {lang.lexicon_fst.num_states} states"
    )


def _read_rows(path: Path) -> list[list[str]]:
    try:
        rows = [line.split() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    except OSError as error:
        raise FormatError(f"cannot be read: {error.strerror}", path=path, fix="check the path") from None
    except UnicodeDecodeError as error:
        raise FormatError(f"byte {error.start} is not UTF-8", path=path, fix="convert the file to UTF-8") from None
    if not rows:
        raise DataError("the list of phones is empty", path=path)
    return rows
