"""``blasr tune``: the checkpoint, prior scale, LM weight and penalty with the fewest errors on a development set."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from blasr.cli.columns import numbers_table
from blasr.cli.options import add_option, number, numbers, words
from blasr.cli.parser import examples
from blasr.cli.score.settings import edge_notes
from blasr.cli.score.tables import COUNTS, count_row
from blasr.cli.search_options import SEARCH_OPTIONS, add_search_options
from blasr.decoding.config import DecoderConfig
from blasr.errors import ConfigError

if TYPE_CHECKING:
    from blasr.pipeline.tune import Tuning
    from blasr.pipeline.tuning_references import TuningReference

OUTPUTS = """\
Every checkpoint is decoded once at every prior scale, and scored at all LM weights and penalties. The setting with the
fewest errors, from the middle of those that are equally good, is written to setting.json in the experiment directory.
dump, decode and bundle use its checkpoint and prior scale by default, and bundle its LM weight and penalty; give it to
score with --setting. The same command again decodes only what is new: the errors of every pair are kept beside the
setting, in setting_trials.

"""
PRIOR_SCALES = "0.4,0.6,0.8,1.0"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``blasr tune``."""
    parser.epilog = OUTPUTS + examples(
        "blasr tune --experiment exp/bl_resnet22_a2b3 --data data/dev --graph exp/tri_ali/graph --lang data/lang",
        "blasr tune --experiment exp/bl_resnet22_a2b3 --data data/rt02 --graph exp/tri_ali/graph --lang data/lang \\",
        "    --stm data/rt02/stm --glm data/rt02/glm --checkpoints epoch12-16,average13-16 --first-prior-scale 0.8",
    )
    add_option(parser, "--experiment", required=True)
    add_option(parser, "--data", required=True, note="the development set")
    add_option(parser, "--graph", required=True)
    add_option(parser, "--lang", note="its align_lexicon.int gives words their times, which --stm needs")
    add_option(parser, "--model", note="the model that the graph was compiled from (default: the experiment's)")
    add_reference_options(parser)
    parser.add_argument(
        "--checkpoints",
        type=words,
        default=(),
        metavar="LIST",
        help="epoch12, epoch9-12, average9-12, final (default: the last 4 epochs and their average)",
    )
    parser.add_argument(
        "--prior-scales", type=numbers, default=PRIOR_SCALES, metavar="LIST", help="weights of the log priors"
    )
    parser.add_argument(
        "--first-prior-scale",
        type=number,
        metavar="X",
        help="choose the checkpoint at this prior scale, then try the others with it only (default: try all pairs)",
    )
    add_option(parser, "--lm-weights")
    add_option(parser, "--word-ins-penalties")
    add_option(parser, "--out", note="the JSON file with the setting (default: setting.json of the experiment)")
    add_search_options(parser)
    add_option(parser, "--nj")
    add_option(parser, "--device")
    add_option(parser, "--max-loss")
    add_option(parser, "--allow-pipes")


def add_reference_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that :func:`read_reference` takes."""
    reference = parser.add_mutually_exclusive_group()
    add_option(reference, "--ref", note="utterance-id and words (default: text of --data)")
    reference.add_argument("--stm", type=Path, metavar="FILE", help="NIST's reference segments, in place of --ref")
    add_option(parser, "--glm", note="with --stm")
    parser.add_argument(
        "--drop", type=words, default=(), metavar="LIST", help="words that do not count: [noise],<unk>; with --stm"
    )


def run(args: argparse.Namespace) -> None:
    """Tune, print the table of all pairs, and write the setting.

    Raises:
        ConfigError: options that exclude each other.
        BlasrError: as :func:`blasr.pipeline.tune.tune`.
    """
    check_reference_options(args.stm, args.glm, args.drop)
    from blasr.data.data_dir import DataDir
    from blasr.pipeline.decode_inputs import DecodePaths
    from blasr.pipeline.tune import TuneConfig, tune

    config = TuneConfig(
        checkpoints=args.checkpoints,
        prior_scales=args.prior_scales,
        first_prior_scale=args.first_prior_scale,
        lm_weights=args.lm_weights,
        word_insertion_penalties=args.word_ins_penalties,
        decoder=DecoderConfig(**{name: getattr(args, name) for name in SEARCH_OPTIONS}),
        workers=args.nj,
        device=args.device,
        max_loss=args.max_loss,
    )
    data_dir = DataDir.read(args.data, allow_pipes=args.allow_pipes)
    tuning = tune(
        args.experiment,
        data_dir,
        DecodePaths(args.graph, lang=args.lang),
        read_reference(args.data, args.ref, args.stm, args.glm, args.drop),
        config=config,
        model=args.model,
        out=args.out,
    )
    _print_tuning(tuning)


def check_reference_options(stm: Path | None, glm: Path | None, dropped_words: tuple[str, ...]) -> None:
    """Refuse options of reference segments without any.

    Raises:
        ConfigError: ``--glm`` or ``--drop`` is given without ``--stm``.
    """
    if stm is None and (glm is not None or dropped_words):
        raise ConfigError("--glm and --drop are for reference segments", fix="give --stm, or leave them out")


def read_reference(
    data: Path, ref: Path | None, stm: Path | None, glm: Path | None, dropped_words: tuple[str, ...]
) -> TuningReference:
    """Return the transcripts, by default those of the data directory, or NIST's reference segments.

    Raises:
        FormatError: a file cannot be read.
    """
    from blasr.pipeline.tuning_references import SegmentReference, TranscriptReference

    if stm is not None:
        return SegmentReference.read(stm, data, glm, dropped_words)
    return TranscriptReference.read(ref or data / "text")


def _print_tuning(tuning: Tuning) -> None:
    rows = []
    for trial in tuning.trials:
        setting = tuning.path_weights if trial is tuning.chosen else trial.best()
        names = [trial.checkpoint, f"{trial.prior_scale:g}"]
        weights = [f"{setting.lm_weight:g}", f"{setting.word_insertion_penalty:g}"]
        note = "chosen" if trial is tuning.chosen else ""
        rows.append([*count_row(names, trial.counts[setting]), *weights, note])
    print(numbers_table(["checkpoint", "prior scale", *COUNTS, "LM weight", "penalty", ""], rows))
    chosen, weights_found = tuning.chosen, tuning.path_weights
    wer = chosen.counts[weights_found].wer
    print(f"best: {chosen.checkpoint}, prior scale {chosen.prior_scale:g}, {weights_found}: WER {wer:.2f}")
    tried = {trial.prior_scale for trial in tuning.trials if trial.checkpoint == chosen.checkpoint}
    if len(tried) > 1 and chosen.prior_scale in (min(tried), max(tried)):
        which, other = ("largest", "larger") if chosen.prior_scale == max(tried) else ("smallest", "smaller")
        print(
            f"the best prior scale, {chosen.prior_scale:g}, is the {which} that was tried: "
            f"try {other} ones with --prior-scales"
        )
    for note in edge_notes(weights_found, chosen.counts):
        print(note)
    print(f"written: {tuning.out}")
