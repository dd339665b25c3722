"""``blasr score``: word error rates of hypotheses, or of lattices at every LM weight and insertion penalty."""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

from blasr.decoding.lattice import Lattice
from blasr.decoding.lattice_io import read_lattices
from blasr.decoding.sweep import Setting, best_setting, sweep
from blasr.errors import ConfigError, DataError, FormatError
from blasr.io.atomic import atomic_open
from blasr.io.symbols import SymbolTable
from blasr.progress import track
from blasr.recipe.kaldi_scoring import write_kaldi_scoring
from blasr.scoring.edit_distance import ErrorCounts
from blasr.scoring.text import Score, score_text
from blasr.tally import Tally

EPILOG = """\
examples:
  blasr score --text data/test/text --hyp exp/bl_resnet22_a2b3/decode_test/best_path.txt
  blasr score --text data/dev/text --lattices exp/bl_resnet22_a2b3/decode_dev --words data/lang/words.txt \\
      --lm-weights 7-20 --penalties 0,0.5,1,2 --freeze exp/bl_resnet22_a2b3/setting.json
  blasr score --text data/test/text --lattices exp/bl_resnet22_a2b3/decode_test --words data/lang/words.txt \\
      --setting exp/bl_resnet22_a2b3/setting.json --utt2spk data/test/utt2spk
"""
COUNTS = ("WER", "ins", "del", "sub", "words")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``blasr score``."""
    parser.epilog = EPILOG
    parser.add_argument("--text", type=Path, required=True, metavar="REF", help="references: utterance-id and words")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--hyp", type=Path, help="hypotheses in the same form")
    source.add_argument("--lattices", type=Path, help="lat.ark, or the folder with it (or with lat.*.gz)")
    parser.add_argument("--words", type=Path, help="words.txt, which --lattices need")
    parser.add_argument("--lm-weights", default="7-20", help="7-20, or numbers with commas (default: %(default)s)")
    parser.add_argument(
        "--penalties", "--word-ins-penalty", default="0,0.5,1", help="numbers with commas (default: %(default)s)"
    )
    frozen = parser.add_mutually_exclusive_group()
    frozen.add_argument("--freeze", type=Path, metavar="FILE", help="write the best setting, for other sets")
    frozen.add_argument("--setting", type=Path, metavar="FILE", help="score at the setting that --freeze wrote")
    parser.add_argument("--utt2spk", type=Path, help="speakers, for a table of their error rates")
    parser.add_argument("--json", type=Path, metavar="OUT", help="write the results as JSON too")
    parser.add_argument(
        "--kaldi-dir", type=Path, metavar="DIR", help="write wer_LMWT_WIP and scoring/ there, as Kaldi's local/score.sh"
    )
    parser.add_argument("--max-loss", type=float, default=0.05, help="share of references that may lack a hypothesis")


def run(args: argparse.Namespace) -> None:
    """Score, print, and fail where too many hypotheses are missing."""
    references = read_text(args.text)
    if args.lattices is not None:
        score, report = _score_lattices(args, references)
    elif args.freeze or args.setting or args.kaldi_dir:
        message = "--freeze, --setting and --kaldi-dir are of the paths of lattices"
        raise ConfigError(message, fix="give --lattices, not --hyp")
    else:
        score, report = score_text(references, read_text(args.hyp)), {"hyp": str(args.hyp)}
    print(score.kaldi_report(), end="")
    report |= {"text": str(args.text), "missing": list(score.missing), **_numbers(score)}
    if args.utt2spk is not None:
        speakers = score.per_speaker(_read_speakers(args.utt2spk))
        rows = [_row([speaker], counts) for speaker, counts in speakers.items()]
        print("\n" + _table(["speaker", *COUNTS], rows))
        report["speakers"] = {speaker: _counts(counts) for speaker, counts in speakers.items()}
    if args.json is not None:
        _write_json(args.json, report)
    tally = Tally("score", args.max_loss)
    tally.keep(len(references) - len(score.missing))
    for utterance in score.missing:
        tally.drop(utterance, "without hypothesis, counted as deleted")
    print(tally.summary())
    tally.check()


def _score_lattices(args: argparse.Namespace, references: Mapping[str, Sequence[str]]) -> tuple[Score, dict[str, Any]]:
    """The score at the frozen or else the best setting; prints the sweep."""
    if args.words is None:
        raise ConfigError("--lattices hold word-ids", fix="name the symbol table that spells them with --words")
    frozen = _read_setting(args.setting) if args.setting is not None else None
    grid = [Setting(*pair) for pair in product(_weights(args.lm_weights), _numbers_of(args.penalties, "--penalties"))]
    settings = grid if frozen is None or frozen in grid else [*grid, frozen]
    lattices = track(_lattices(args.lattices), "scoring", len(references))
    words = SymbolTable.read(args.words)
    if args.kaldi_dir is not None:
        scores = write_kaldi_scoring(args.kaldi_dir, lattices, words, references, settings)
    else:
        scores = sweep(lattices, words, references, settings)
    best = best_setting({setting: scores[setting] for setting in grid})
    rows = []
    for setting, score in scores.items():
        names = [f"{setting.lm_weight:g}", f"{setting.word_insertion_penalty:g}"]
        sentences = f"{100 * score.wrong_sentences / len(references):.2f}"
        note = "frozen" if setting == frozen else "best" if setting == best else ""
        rows.append([*_row(names, score.total), sentences, note])
    print(_table(["LM weight", "penalty", *COUNTS, "SER", ""], rows))
    chosen = frozen or best
    oracle = _numbers(scores[best]) | {"setting": _setting(best)}
    report = {"lattices": str(args.lattices), "setting": _setting(chosen), "oracle": oracle}
    if frozen is not None:
        print(f"frozen: {_tell(frozen)}, from {args.setting}: WER {scores[frozen].wer:.2f}")
        print(f"oracle: {_tell(best)}, the best on this very set: WER {scores[best].wer:.2f}")
    else:
        print(f"best: {_tell(best)}: WER {scores[best].wer:.2f} (tuned on this very set)")
    if args.freeze is not None:
        _write_json(args.freeze, _setting(best) | {"tuned_on": {"text": str(args.text), **_numbers(scores[best])}})
    return scores[chosen], report


def read_text(path: Path) -> dict[str, list[str]]:
    """Words by utterance-id, of a file with ``utterance-id word word ...`` lines.

    Raises:
        FormatError: the file cannot be read, a line is empty, or an utterance stands twice.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise FormatError(f"cannot be read: {error}", path=path) from None
    text: dict[str, list[str]] = {}
    for number, line in enumerate(lines, start=1):
        fields = line.split()
        if not fields:
            raise FormatError("the line is empty, expected an utterance-id and words", path=path, line=number)
        if fields[0] in text:
            raise FormatError("stands a second time", path=path, line=number, utterance=fields[0])
        text[fields[0]] = fields[1:]
    return text


def _read_speakers(path: Path) -> dict[str, str]:
    speakers = {}
    for utterance, fields in read_text(path).items():
        if len(fields) != 1:
            raise FormatError(f"has {len(fields)} speakers, expected one", path=path, utterance=utterance)
        speakers[utterance] = fields[0]
    return speakers


def _lattices(path: Path) -> Iterator[tuple[str, Lattice]]:
    """The lattices of an archive, or of a folder's ``lat.ark``, ``lat.1.gz``, ``lat.2.gz`` and so on."""
    files = [path]
    if path.is_dir():
        files = [path / "lat.ark"]
        if not files[0].is_file():
            numbered = [file for file in path.glob("lat.*.gz") if file.name.split(".")[1].isdigit()]
            files = sorted(numbered, key=lambda file: int(file.name.split(".")[1]))
        if not files:
            raise DataError("has neither lat.ark nor lat.1.gz", path=path, fix="decode first (blasr decode --out)")
    for file in files:
        yield from read_lattices(file)


def _weights(text: str) -> list[float]:
    """LM weights of ``7-20`` (whole numbers) or ``7,10,12.5``."""
    first, dash, last = text.partition("-")
    if dash and first.isdigit() and last.isdigit() and 0 < int(first) <= int(last):
        return [float(weight) for weight in range(int(first), int(last) + 1)]
    weights = _numbers_of(text, "--lm-weights")
    if min(weights) <= 0:
        raise ConfigError(f"--lm-weights {text}: found {min(weights):g}, expected numbers above 0")
    return weights


def _numbers_of(text: str, option: str) -> list[float]:
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = [math.nan]
    if not all(map(math.isfinite, numbers)):
        raise ConfigError(f"{option} {text}: expected numbers with commas between them")
    return list(dict.fromkeys(numbers))


def _read_setting(path: Path) -> Setting:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        setting = Setting(float(values["lm_weight"]), float(values["word_insertion_penalty"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        message = f"is not a frozen setting: {error!r}"
        raise FormatError(message, path=path, fix="write one with blasr score --freeze on a tuning set") from None
    if not (0 < setting.lm_weight < math.inf and math.isfinite(setting.word_insertion_penalty)):
        raise FormatError(f"{_tell(setting)} cannot be", path=path)
    return setting


def _tell(setting: Setting) -> str:
    return f"LM weight {setting.lm_weight:g}, word insertion penalty {setting.word_insertion_penalty:g}"


def _setting(setting: Setting) -> dict[str, Any]:
    return {"lm_weight": setting.lm_weight, "word_insertion_penalty": setting.word_insertion_penalty}


def _counts(counts: ErrorCounts) -> dict[str, Any]:
    return {
        "wer": round(counts.wer, 4) if counts.reference_words else None,
        "words": counts.reference_words,
        "insertions": counts.insertions,
        "deletions": counts.deletions,
        "substitutions": counts.substitutions,
    }


def _numbers(score: Score) -> dict[str, Any]:
    sentences = {"sentences": len(score.utterances), "wrong_sentences": score.wrong_sentences}
    return _counts(score.total) | sentences


def _write_json(path: Path, values: Mapping[str, Any]) -> None:
    with atomic_open(path, "w") as file:
        file.write(json.dumps(values, indent=2) + "\n")


def _row(names: list[str], counts: ErrorCounts) -> list[str]:
    numbers = (counts.insertions, counts.deletions, counts.substitutions, counts.reference_words)
    return [*names, f"{counts.wer:.2f}", *map(str, numbers)]


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """The first column aligned to the left, the others to the right."""
    first, *widths = (max(map(len, column)) for column in zip(header, *rows, strict=True))
    lines = []
    for name, *cells in (header, *rows):
        aligned = (cell.rjust(width) for cell, width in zip(cells, widths, strict=True))
        lines.append("  ".join([name.ljust(first), *aligned]).rstrip())
    return "\n".join(lines)
