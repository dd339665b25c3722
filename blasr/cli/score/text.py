"""``blasr score text``: hypotheses or lattices against the words of every utterance."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from blasr.cli.columns import numbers_table
from blasr.cli.options import add_option
from blasr.cli.score.settings import add_settings, print_choice, setting_grid
from blasr.cli.score.tables import COUNTS, count_report, count_row, setting_report, write_json
from blasr.errors import ConfigError

if TYPE_CHECKING:
    from blasr.lattices import PathWeights
    from blasr.scoring import Score

EXAMPLES = (
    "blasr score text --ref data/test/text --hyp exp/bl_resnet22_a2b3/decode_test/best_path.txt",
    "blasr score text --ref data/dev/text --lattices exp/bl_resnet22_a2b3/decode_dev --words data/lang/words.txt \\",
    "    --lm-weights 7-20 --word-ins-penalties 0,0.5,1,2 --freeze exp/bl_resnet22_a2b3/setting.json",
    "blasr score text --ref data/test/text --lattices exp/bl_resnet22_a2b3/decode_test --words data/lang/words.txt \\",
    "    --setting exp/bl_resnet22_a2b3/setting.json --utt2spk data/test/utt2spk",
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``blasr score text``."""
    add_option(parser, "--ref", required=True, note="utterance-id and words")
    hypotheses = parser.add_mutually_exclusive_group(required=True)
    add_option(hypotheses, "--hyp", note="utterance-id and words")
    add_option(hypotheses, "--lattices", note="needs --words")
    add_option(parser, "--words")
    add_settings(parser)
    parser.add_argument("--utt2spk", type=Path, metavar="FILE", help="also print the error rate of every speaker")
    parser.add_argument(
        "--kaldi-dir",
        type=Path,
        metavar="DIR",
        help="also write wer_LMWT_WIP and scoring/ there, as Kaldi's local/score.sh does",
    )
    text = "also write the words of the best paths at the chosen setting, as --hyp reads them"
    parser.add_argument("--hyp-out", type=Path, metavar="FILE", help=text)
    add_option(parser, "--json")
    add_option(parser, "--max-loss", note="without a hypothesis")


def run(args: argparse.Namespace) -> None:
    """Score, print, and fail if too many hypotheses are missing."""
    if args.lattices is not None and args.words is None:
        raise ConfigError("--lattices contain word-ids", fix="name the words.txt of the word-ids with --words")
    if args.lattices is None and (args.freeze or args.setting or args.kaldi_dir or args.hyp_out):
        message = "--freeze, --setting, --kaldi-dir and --hyp-out choose among the paths of lattices"
        raise ConfigError(message, fix="give --lattices, not --hyp")

    from blasr.scoring import read_speakers, read_transcripts, score_text

    references = read_transcripts(args.ref)
    if args.lattices is None:
        score = score_text(references, read_transcripts(args.hyp))
        report: dict[str, Any] = {"hyp": str(args.hyp)}
    else:
        scores = _score_lattices(
            args.lattices,
            args.words,
            references,
            setting_grid(args.lm_weights, args.word_ins_penalties),
            frozen_path=args.setting,
            kaldi_dir=args.kaldi_dir,
        )
        score, report = scores.chosen, {"lattices": str(args.lattices)} | scores.report()
        if args.freeze is not None:
            tuned_on = {"tuned_on": {"text": str(args.ref), **_numbers(scores.by_setting[scores.best])}}
            write_json(args.freeze, setting_report(scores.best) | tuned_on)
        if args.hyp_out is not None:
            _write_best_texts(args.hyp_out, args.lattices, args.words, scores.frozen or scores.best)
    print(score.kaldi_report(), end="")
    report |= {"text": str(args.ref), "missing": list(score.missing), **_numbers(score)}
    if args.utt2spk is not None:
        speakers = score.per_speaker(read_speakers(args.utt2spk))
        rows = [count_row([speaker], counts) for speaker, counts in speakers.items()]
        print("\n" + numbers_table(["speaker", *COUNTS], rows))
        report["speakers"] = {speaker: count_report(counts) for speaker, counts in speakers.items()}
    if args.json is not None:
        write_json(args.json, report)
    tally = score.coverage(args.max_loss)
    print(tally.summary())
    tally.check()


@dataclass(frozen=True)
class _LatticeScores:
    """The scores of lattices at several settings.

    Attributes:
        by_setting: the score at each setting.
        best: the best setting on this set.
        frozen: the setting that was frozen on another set, if any.
    """

    by_setting: Mapping[PathWeights, Score]
    best: PathWeights
    frozen: PathWeights | None

    @property
    def chosen(self) -> Score:
        """The score at the frozen setting, or else at the best one."""
        return self.by_setting[self.frozen or self.best]

    def report(self) -> dict[str, Any]:
        """Return the chosen setting and the best score for JSON."""
        oracle = _numbers(self.by_setting[self.best]) | {"setting": setting_report(self.best)}
        return {"setting": setting_report(self.frozen or self.best), "oracle": oracle}


def _score_lattices(
    lattices_path: Path,
    words_path: Path,
    references: Mapping[str, Sequence[str]],
    grid: Sequence[PathWeights],
    *,
    frozen_path: Path | None,
    kaldi_dir: Path | None,
) -> _LatticeScores:
    """Score the best paths at every setting of the grid and at the frozen one; print the table of all settings."""
    from blasr.io import SymbolTable
    from blasr.lattices import best_setting, read_path_weights, read_state_lattices, sweep, write_kaldi_scoring
    from blasr.lexicon import WordJoiner
    from blasr.progress import track

    frozen = None if frozen_path is None else read_path_weights(frozen_path)
    settings = [*grid] if frozen is None or frozen in grid else [*grid, frozen]
    lattices = track(read_state_lattices(lattices_path), "scoring", len(references))
    words, joiner = SymbolTable.read(words_path), WordJoiner.beside(words_path)
    if kaldi_dir is None:
        scores = sweep(lattices, words, references, settings, joiner)
    else:
        scores = write_kaldi_scoring(kaldi_dir, lattices, words, references, settings, joiner)
    best = best_setting({setting: scores[setting] for setting in grid})
    rows = []
    for setting, score in scores.items():
        names = [f"{setting.lm_weight:g}", f"{setting.word_insertion_penalty:g}"]
        sentences = f"{100 * score.wrong_sentences / len(references):.2f}"
        note = "frozen" if setting == frozen else "best" if setting == best else ""
        rows.append([*count_row(names, score.total), sentences, note])
    print(numbers_table(["LM weight", "penalty", *COUNTS, "SER", ""], rows))
    print_choice((best, scores[best].wer), None if frozen is None else (frozen, scores[frozen].wer), frozen_path, grid)
    return _LatticeScores(scores, best, frozen)


def _write_best_texts(path: Path, lattices_path: Path, words_path: Path, setting: PathWeights) -> None:
    from blasr.io import SymbolTable
    from blasr.lattices import best_texts, read_state_lattices
    from blasr.lexicon import WordJoiner
    from blasr.scoring import write_transcripts

    words, joiner = SymbolTable.read(words_path), WordJoiner.beside(words_path)
    write_transcripts(path, best_texts(read_state_lattices(lattices_path), words, setting, joiner))


def _numbers(score: Score) -> dict[str, Any]:
    sentences = {"sentences": len(score.utterances), "wrong_sentences": score.wrong_sentences}
    return count_report(score.total) | sentences
