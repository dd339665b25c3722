"""``blasr score compare``: whether two systems differ on the same references, and by how much."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from blasr.cli.columns import numbers_table
from blasr.cli.options import add_option, add_yes_no
from blasr.cli.score.stm import add_bootstrap, add_placing
from blasr.cli.score.tables import write_json
from blasr.errors import ConfigError, DataError

if TYPE_CHECKING:
    from blasr.scoring import AlignedUtterance

EXAMPLES = (
    "blasr score compare --ref data/test/text exp/resnet22/best_path.txt exp/bl/best_path.txt",
    "blasr score compare --ref data/test/text a.txt b.txt --by-speaker --utt2spk data/test/utt2spk",
    "blasr score compare --ref eval2000.stm --glm eval2000.glm exp/resnet22/eval2000.ctm exp/bl/eval2000.ctm",
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``blasr score compare``."""
    for name in "AB":
        parser.add_argument(name.lower(), type=Path, metavar=name, help="a text, or a CTM file if --ref is an STM file")
    add_option(parser, "--ref", required=True, note="utterance-id and words, or an STM file")
    parser.add_argument(
        "--format",
        choices=("auto", "text", "stm"),
        default="auto",
        help="the format of --ref; auto: stm if its name ends in .stm",
    )
    add_option(parser, "--glm", note="with an STM file")
    add_placing(parser)
    add_bootstrap(parser)
    add_yes_no(parser, "--by-speaker", "draw whole speakers in the bootstrap; a text needs --utt2spk")
    parser.add_argument("--utt2spk", type=Path, metavar="FILE", help="the speakers of a text's utterances")
    add_option(parser, "--json")


def run(args: argparse.Namespace) -> None:
    """Compare two hypotheses by the matched-pairs test and by the bootstrap."""
    is_stm = args.format == "stm" or (args.format == "auto" and args.ref.suffix == ".stm")
    if not is_stm and (args.glm is not None or args.data is not None or args.drop):
        raise ConfigError("--glm, --data and --drop go with an STM reference", fix="give an STM file with --ref")

    if is_stm and args.utt2spk is not None:
        raise ConfigError("--utt2spk goes with a text; an STM file has the speakers", fix="remove --utt2spk")
    if args.by_speaker and not is_stm and args.utt2spk is None:
        raise ConfigError("--by-speaker needs the speakers of the text", fix="give --utt2spk")

    from blasr.scoring import SIGNIFICANCE_LEVEL, StmScorer, aligned_segments, compare_systems

    paths = [args.a, args.b]
    if is_stm:
        scorer = StmScorer.read(args.ref, glm=args.glm, data_dir=args.data, dropped_words=args.drop)
        systems = [aligned_segments(scorer.score(scorer.read_hypotheses(path))) for path in paths]
    else:
        systems = _aligned_texts(args.ref, paths, args.utt2spk)
    found = compare_systems(*systems, by_speaker=args.by_speaker, replicates=args.bootstrap, seed=args.seed)
    test, gain, totals = found.matched_pairs, found.improvement, found.totals
    rows = [
        [letter, f"{total.wer:.2f}", str(total.errors), str(total.reference_words), str(path)]
        for letter, total, path in zip("AB", totals, paths, strict=True)
    ]
    print(numbers_table(("", "WER", "errors", "words", ""), rows))
    drawn = f"{args.bootstrap} replicates{' by speaker' if args.by_speaker else ''}"
    print(
        f"B - A: {gain.difference:+.2f} points, 95% interval {gain.interval.low:+.2f} to {gain.interval.high:+.2f} "
        f"({drawn}); B is better in {100 * gain.probability:.1f}% of them"
    )
    verdict = "differ" if found.is_significant else "do not differ significantly"
    print(
        f"matched pairs (MAPSSWE): {test.segments} segments, mean {test.mean:.3f}, standard deviation "
        f"{test.standard_deviation:.3f}, Z {test.z:.3f}, p {test.p_value:.4f}: "
        f"A and B {verdict} at {SIGNIFICANCE_LEVEL:g}"
    )
    if args.json is not None:
        report: dict[str, Any] = {
            letter: {"hypothesis": str(path), "wer": total.wer, "errors": total.errors, "words": total.reference_words}
            for letter, total, path in zip("AB", totals, paths, strict=True)
        }
        write_json(args.json, report | {"matched_pairs": asdict(test), "bootstrap": asdict(gain)})


def _aligned_texts(reference: Path, hypotheses: Sequence[Path], utt2spk: Path | None) -> list[list[AlignedUtterance]]:
    from blasr.scoring import align_transcripts, read_speakers, read_transcripts

    references = read_transcripts(reference)
    speakers = None if utt2spk is None else read_speakers(utt2spk)
    systems = []
    for path in hypotheses:
        try:
            systems.append(align_transcripts(references, read_transcripts(path), speakers))
        except DataError as error:
            raise error.at(path=path) from None
    return systems
