"""``blasr score``: word error rates of hypotheses, or of lattices at every LM weight and insertion penalty."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

from blasr.cli.score.compare import compare
from blasr.cli.score.report import (
    COUNTS,
    count_report,
    count_row,
    lm_weights,
    numbers_of,
    setting_report,
    table,
    write_json,
)
from blasr.cli.score.stm import score_stm
from blasr.errors import ConfigError
from blasr.io.symbols import SymbolTable
from blasr.lattices.config import PathWeights
from blasr.lattices.kaldi_scoring import write_kaldi_scoring
from blasr.lattices.lattice_table import read_state_lattices
from blasr.lattices.sweep import best_setting, sweep
from blasr.lattices.weights_file import read_path_weights
from blasr.lexicon.word_pieces import WordJoiner
from blasr.progress import track
from blasr.scoring.text import Score, score_text
from blasr.scoring.transcripts import read_speakers, read_transcripts

EPILOG = """\
examples:
  blasr score --text data/test/text --hyp exp/bl_resnet22_a2b3/decode_test/best_path.txt
  blasr score --text data/dev/text --lattices exp/bl_resnet22_a2b3/decode_dev --words data/lang/words.txt \\
      --lm-weights 7-20 --penalties 0,0.5,1,2 --freeze exp/bl_resnet22_a2b3/setting.json
  blasr score --text data/test/text --lattices exp/bl_resnet22_a2b3/decode_test --words data/lang/words.txt \\
      --setting exp/bl_resnet22_a2b3/setting.json --utt2spk data/test/utt2spk
  blasr score --stm eval2000.stm --glm eval2000.glm --ctm exp/bl_resnet22_a2b3/decode_eval2000/ctm \\
      --data data/eval2000 --group SWB=sw_ --group CH=en_ --json exp/bl_resnet22_a2b3/eval2000.json
  blasr score --stm eval2000.stm --glm eval2000.glm --lattices exp/bl_resnet22_a2b3/decode_eval2000 \\
      --words data/lang/words.txt --lang data/lang --model exp/tri/final.mdl --data data/eval2000 \\
      --drop '[noise],[laughter],<unk>' --setting exp/bl_resnet22_a2b3/rt02.json
  blasr score --stm eval2000.stm --glm eval2000.glm --compare exp/resnet22/eval2000.ctm exp/bl/eval2000.ctm
"""
STM_ONLY = ("glm", "scorer", "data", "group", "drop")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``blasr score``."""
    parser.epilog = EPILOG
    reference = parser.add_mutually_exclusive_group(required=True)
    reference.add_argument("--text", type=Path, metavar="REF", help="references: utterance-id and words")
    reference.add_argument("--stm", type=Path, metavar="REF", help="references in NIST's segments and markup")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--hyp", type=Path, help="with --text: hypotheses in the same form")
    source.add_argument("--lattices", type=Path, help="lat.ark, or the folder with it (or with lat.*.gz)")
    source.add_argument(
        "--ctm",
        type=Path,
        nargs="+",
        help="with --stm: words and their times; several files are settings, in folders named score_LMWT_PENALTY",
    )
    source.add_argument(
        "--compare", type=Path, nargs=2, metavar=("A", "B"), help="do two hypotheses differ? CTM files, or texts"
    )
    parser.add_argument("--glm", type=Path, help="with --stm: NIST's rules for spellings, applied to both sides")
    parser.add_argument(
        "--scorer", choices=("auto", "own", "sctk"), help="with --stm: sctk is NIST's, if installed (default: auto)"
    )
    parser.add_argument(
        "--data", type=Path, metavar="DIR", help="with --stm: its segments say where the CTM's utterances are"
    )
    parser.add_argument(
        "--group", action="append", metavar="NAME=PREFIX", help="with --stm: a label for recordings of this prefix"
    )
    parser.add_argument(
        "--drop", metavar="WORDS", help="with --stm: hypothesis words that do not count, such as [noise],<unk>"
    )
    parser.add_argument("--words", type=Path, help="words.txt, which --lattices need")
    parser.add_argument("--lang", type=Path, help="with --stm, --lattices and --model: times words by phones")
    parser.add_argument("--model", type=Path, help="final.mdl, with --lang")
    parser.add_argument("--frame-shift", type=float, default=0.01, help="seconds, for the times of lattices' words")
    parser.add_argument("--lm-weights", default="7-20", help="7-20, or numbers with commas (default: %(default)s)")
    parser.add_argument(
        "--penalties", "--word-ins-penalty", default="0,0.5,1", help="numbers with commas (default: %(default)s)"
    )
    frozen = parser.add_mutually_exclusive_group()
    frozen.add_argument("--freeze", type=Path, metavar="FILE", help="write the best setting, for other sets")
    frozen.add_argument("--setting", type=Path, metavar="FILE", help="score at the setting that --freeze wrote")
    parser.add_argument("--utt2spk", type=Path, help="with --text: speakers, for a table of their error rates")
    parser.add_argument("--speakers", action="store_true", help="with --stm: a table of the speakers' error rates")
    parser.add_argument(
        "--bootstrap", type=int, default=1000, help="replicates, for --stm and --compare (default: 1000)"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the bootstrap (default: %(default)s)")
    parser.add_argument("--json", type=Path, metavar="OUT", help="write the results as JSON too")
    parser.add_argument(
        "--kaldi-dir", type=Path, metavar="DIR", help="write wer_LMWT_WIP and scoring/ there, as Kaldi's local/score.sh"
    )
    parser.add_argument("--max-loss", type=float, default=0.05, help="share of references that may lack a hypothesis")


def run(args: argparse.Namespace) -> None:
    """Score, print, and fail where too many hypotheses are missing."""
    _check_options(args)
    if args.compare is not None:
        compare(args)
    elif args.stm is not None:
        score_stm(args)
    else:
        _score_text(args)


def _check_options(args: argparse.Namespace) -> None:
    if args.text is not None:
        strange = [name for name in (*STM_ONLY, "ctm") if getattr(args, name) is not None]
        if strange:
            raise ConfigError(f"--{strange[0]} goes with --stm", fix="give --stm instead of --text")
    elif args.hyp is not None:
        raise ConfigError("--stm needs words with times", fix="give --ctm, such as the ctm that blasr decode writes")
    if args.bootstrap < 1:
        raise ConfigError(f"--bootstrap is {args.bootstrap}, expected 1 or more")


def _score_text(args: argparse.Namespace) -> None:
    references = read_transcripts(args.text)
    if args.lattices is not None:
        score, report = _score_lattices(args, references)
    elif args.freeze or args.setting or args.kaldi_dir:
        message = "--freeze, --setting and --kaldi-dir are of the paths of lattices"
        raise ConfigError(message, fix="give --lattices, not --hyp")
    else:
        score, report = score_text(references, read_transcripts(args.hyp)), {"hyp": str(args.hyp)}
    print(score.kaldi_report(), end="")
    report |= {"text": str(args.text), "missing": list(score.missing), **_numbers(score)}
    if args.utt2spk is not None:
        speakers = score.per_speaker(read_speakers(args.utt2spk))
        rows = [count_row([speaker], counts) for speaker, counts in speakers.items()]
        print("\n" + table(["speaker", *COUNTS], rows))
        report["speakers"] = {speaker: count_report(counts) for speaker, counts in speakers.items()}
    if args.json is not None:
        write_json(args.json, report)
    tally = score.coverage(args.max_loss)
    print(tally.summary())
    tally.check()


def _score_lattices(args: argparse.Namespace, references: Mapping[str, Sequence[str]]) -> tuple[Score, dict[str, Any]]:
    """The score at the frozen or else the best setting; prints the sweep."""
    if args.words is None:
        raise ConfigError("--lattices hold word-ids", fix="name the symbol table that spells them with --words")
    frozen = read_path_weights(args.setting) if args.setting is not None else None
    grid = [
        PathWeights(*pair) for pair in product(lm_weights(args.lm_weights), numbers_of(args.penalties, "--penalties"))
    ]
    settings = grid if frozen is None or frozen in grid else [*grid, frozen]
    lattices = track(read_state_lattices(args.lattices), "scoring", len(references))
    words, joiner = SymbolTable.read(args.words), WordJoiner.beside(args.words)
    if args.kaldi_dir is not None:
        scores = write_kaldi_scoring(args.kaldi_dir, lattices, words, references, settings, joiner)
    else:
        scores = sweep(lattices, words, references, settings, joiner)
    best = best_setting({setting: scores[setting] for setting in grid})
    rows = []
    for setting, score in scores.items():
        names = [f"{setting.lm_weight:g}", f"{setting.word_insertion_penalty:g}"]
        sentences = f"{100 * score.wrong_sentences / len(references):.2f}"
        note = "frozen" if setting == frozen else "best" if setting == best else ""
        rows.append([*count_row(names, score.total), sentences, note])
    print(table(["LM weight", "penalty", *COUNTS, "SER", ""], rows))
    chosen = frozen or best
    oracle = _numbers(scores[best]) | {"setting": setting_report(best)}
    report = {"lattices": str(args.lattices), "setting": setting_report(chosen), "oracle": oracle}
    if frozen is not None:
        print(f"frozen: {frozen}, from {args.setting}: WER {scores[frozen].wer:.2f}")
        print(f"oracle: {best}, the best on this very set: WER {scores[best].wer:.2f}")
    else:
        print(f"best: {best}: WER {scores[best].wer:.2f} (tuned on this very set)")
    if args.freeze is not None:
        write_json(args.freeze, setting_report(best) | {"tuned_on": {"text": str(args.text), **_numbers(scores[best])}})
    return scores[chosen], report


def _numbers(score: Score) -> dict[str, Any]:
    sentences = {"sentences": len(score.utterances), "wrong_sentences": score.wrong_sentences}
    return count_report(score.total) | sentences
