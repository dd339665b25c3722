"""``blasr lang``: a lexicon and its phones to a lang directory."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from blasr.cli.options import add_option, add_yes_no, non_negative_number, positive_integer, words
from blasr.cli.parser import examples
from blasr.errors import ConfigError

if TYPE_CHECKING:
    from blasr.lexicon.pronunciation_probabilities import SpokenLexicon

EPILOG = (
    examples(
        "blasr lang --lexicon data/local/lexicon.txt --silence-phones SIL,SPN --oov '<UNK>' --out data/lang",
        "blasr lang --lexicon data/local/lexicon.txt --alignments exp/tri --text data/train/text \\",
        "    --silence-phones SIL,SPN --oov '<UNK>' --out data/lang_spoken",
        "blasr lang --subwords data/subwords --silence-phones SIL,SPN --oov '<unk>' --out data/lang",
    )
    + """

lexicon.txt has one line 'WORD PHONE PHONE...' per pronunciation, lexiconp.txt 'WORD PROBABILITY PHONE PHONE...'.
lexiconp_silprob.txt has three numbers about silence after the probability, and needs silprob.txt in the same
directory; Kaldi's utils/dict_dir_add_pronprobs.sh writes both. They replace --silence-probability.

With --alignments and --text, these numbers are estimated from how the training data was spoken, as Kaldi's get_prons.sh
and dict_dir_add_pronprobs.sh do, and --out also receives both files. The phones stay the same: the model of the
alignments can be used with the new lang directory, after its graph has been compiled again.
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
        "--alignments",
        type=Path,
        metavar="DIR",
        help="ali.*.gz, final.mdl and phones.txt; estimate probabilities of pronunciations and silence; needs --text",
    )
    add_option(parser, "--text", note="the transcripts of --alignments: utterance-id and words")
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
    """Write the lang directory and print its size.

    Raises:
        ConfigError: --alignments without --text and --lexicon, or the reverse.
        BlasrError: an input is wrong or missing.
    """
    if (args.alignments is None) != (args.text is None) or (args.alignments is not None and args.lexicon is None):
        raise ConfigError("--alignments, --text and --lexicon belong together", fix="give all three, or only --lexicon")
    from blasr.graph.config import LangConfig
    from blasr.graph.lang_files import read_phone_groups
    from blasr.graph.lang_writing import make_lang
    from blasr.graph.spoken_lexicon import sentence_silence, write_spoken_lexicon
    from blasr.lexicon.subwords_dir import LEXICON, SubwordsDir

    subwords = None if args.subwords is None else SubwordsDir.read(args.subwords)
    spoken = None if args.alignments is None else _spoken_lexicon(args)
    source = args.lexicon if subwords is None else subwords.path / LEXICON
    lang = make_lang(
        source if spoken is None else spoken.entries,
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
        sentence_silence=None if spoken is None else sentence_silence(spoken),
    )
    if spoken is not None:
        write_spoken_lexicon(spoken, args.out)
    kind = "words" if subwords is None else "pieces and whole words"
    print(
        f"{args.out}: {len(lang.vocabulary)} {kind}, {len(lang.silence_phones)} silence and "
        f"{len(lang.nonsilence_phones)} other phones, L.fst with {lang.lexicon_fst.num_states} states"
    )


def _spoken_lexicon(args: argparse.Namespace) -> SpokenLexicon:
    from blasr.graph.spoken_lexicon import spoken_lexicon
    from blasr.lexicon.pronunciations import read_lexicon

    return spoken_lexicon(
        read_lexicon(args.lexicon),
        args.alignments,
        args.text,
        optional_silence=args.optional_silence,
        oov=args.oov,
    )
