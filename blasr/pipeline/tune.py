"""Tuning on a development set: checkpoint, prior scale, LM weight and word insertion penalty by word error rate."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

from blasr.data.data_dir import DataDir, Utterance
from blasr.decoding.config import DecoderConfig
from blasr.decoding.decode_table import decode_utterance
from blasr.errors import UTTERANCE_ERRORS, BlasrError
from blasr.features.speaker_stats import SpeakerStats
from blasr.features.stored_speaker_stats import load_speaker_stats
from blasr.inference.acoustic_scorer import Posteriors
from blasr.inference.config import ScoringConfig
from blasr.inference.manifest import data_entry, file_entry
from blasr.io.folder_lock import locked_folder
from blasr.lattices.config import PathWeights
from blasr.lattices.lattice import Lattice
from blasr.lattices.timed_words import PathFormatter
from blasr.pipeline.checkpoints import default_checkpoints, expand_checkpoints, prepare_checkpoint
from blasr.pipeline.decode import DecodeConfig, compile_search
from blasr.pipeline.decode_inputs import DecodeInputs, DecodePaths
from blasr.pipeline.experiment import Experiment
from blasr.pipeline.loglike_sources import Search
from blasr.pipeline.network_checks import check_network
from blasr.pipeline.tuned_setting import SETTING_FILE, TunedSetting
from blasr.pipeline.tuning_references import TuningReference
from blasr.pipeline.tuning_trials import Trial, best_of, read_trial
from blasr.progress import track
from blasr.tally import Tally
from blasr.threads import one_torch_thread, ordered_map

logger = logging.getLogger(__name__)

Hypotheses = dict[PathWeights, dict[str, list[Any]]]
"""For each setting, the words of every utterance."""


@dataclass(frozen=True)
class TuneConfig:
    """What is tried.

    Attributes:
        checkpoints: names of weights, with ranges such as ``epoch9-12`` and averages such as ``average9-12``; by
            default the last four epochs and their average.
        prior_scales: weights of the log priors.
        first_prior_scale: if given, the checkpoint is chosen at this prior scale, and the others are tried only with
            that checkpoint.
        lm_weights: language model weights.
        word_insertion_penalties: costs of a word.
        decoder: the beams.
        workers: number of threads; each works on one utterance at a time.
        device: where the networks run.
        max_loss: the largest share of utterances that may be without a result.
    """

    checkpoints: tuple[str, ...] = ()
    prior_scales: tuple[float, ...] = (0.4, 0.6, 0.8, 1.0)
    first_prior_scale: float | None = None
    lm_weights: tuple[float, ...] = tuple(map(float, range(7, 21)))
    word_insertion_penalties: tuple[float, ...] = (0.0, 0.5, 1.0)
    decoder: DecoderConfig = field(default_factory=DecoderConfig)
    workers: int = 1
    device: str = "cpu"
    max_loss: float = 0.05

    @property
    def settings(self) -> list[PathWeights]:
        """Every pair of an LM weight and a penalty."""
        return [PathWeights(*pair) for pair in product(self.lm_weights, self.word_insertion_penalties)]


@dataclass(frozen=True)
class Tuning:
    """The result of :func:`tune`.

    Attributes:
        trials: all trials, in their order.
        chosen: the trial with the fewest errors.
        path_weights: its best LM weight and penalty.
        out: the file with the setting.
    """

    trials: Sequence[Trial]
    chosen: Trial
    path_weights: PathWeights
    out: Path


def tune(
    directory: Path,
    data_dir: DataDir,
    paths: DecodePaths,
    reference: TuningReference,
    *,
    config: TuneConfig | None = None,
    model: Path | None = None,
    out: Path | None = None,
) -> Tuning:
    """Decode a development set with every checkpoint at every prior scale, and freeze the setting with fewest errors.

    Each pair is decoded once. Its errors at all LM weights and penalties are kept in a folder beside the setting, so
    that the same command continues an interrupted tuning, and decodes only what is new. The posteriors of an utterance
    are computed once for all prior scales, and neither they nor lattices are written. The best paths are those of
    lattices that are not determinized.

    Args:
        directory: the experiment directory.
        data_dir: the development set.
        paths: graph, words and lang folder.
        reference: counts errors.
        config: what is tried.
        model: the ``final.mdl`` of the graph; by default the one of the training labels.
        out: the JSON file that receives the setting; by default ``setting.json`` in the experiment directory.

    Raises:
        ConfigError: a checkpoint has an unknown name.
        DataError: an input cannot be read, or too many utterances have no result.
        MismatchError: the inputs do not fit together.
    """
    config = config or TuneConfig()
    out = out or directory / SETTING_FILE
    if data_dir.utterances:
        reference.check(data_dir)
    names = expand_checkpoints(directory, config.checkpoints or default_checkpoints(directory))
    final = Experiment.load(directory)
    model = model or final.final_mdl
    check_network(final, model, data_dir)
    inputs = DecodeInputs.read(paths, model)
    tuner = _Tuner(directory, data_dir, inputs, reference, config, out.with_name(f"{out.stem}_trials"))
    with locked_folder(tuner.folder):
        trials = _run_trials(tuner, names, config)
    chosen, path_weights = best_of(trials)
    weights = Experiment.load(directory, chosen.checkpoint)
    counts = chosen.counts[path_weights]
    tuned_on = {
        "data": data_entry(data_dir)["dir"],
        **reference.description,
        "graph": str(inputs.graph_path),
        **asdict(counts),
        "wer": round(counts.wer, 4),
    }
    setting = TunedSetting(path_weights, chosen.checkpoint, chosen.prior_scale, weights.fingerprint())
    setting.write(out, weights.weights, tuned_on)
    return Tuning(trials, chosen, path_weights, out)


def _run_trials(tuner: _Tuner, names: Sequence[str], config: TuneConfig) -> list[Trial]:
    """Run the whole grid, or choose the checkpoint first and then the prior scale."""
    scales = config.prior_scales
    if config.first_prior_scale is None:
        return [trial for name in names for trial in tuner.run(name, scales)]
    trials = [trial for name in names for trial in tuner.run(name, [config.first_prior_scale])]
    name = best_of(trials)[0].checkpoint
    return [*trials, *tuner.run(name, [scale for scale in scales if scale != config.first_prior_scale])]


class _Tuner:
    """Runs trials, or reads them from ``folder`` if nothing that they depend on has changed."""

    def __init__(
        self,
        directory: Path,
        data_dir: DataDir,
        inputs: DecodeInputs,
        reference: TuningReference,
        config: TuneConfig,
        folder: Path,
    ) -> None:
        self.folder = folder
        self._directory, self._data_dir, self._inputs = directory, data_dir, inputs
        self._reference, self._config = reference, config
        self._search: Search | None = None
        self._stats: SpeakerStats | None = None
        self._fingerprint = {
            "data": data_entry(data_dir),
            "reference": reference.description,
            "graph": file_entry(inputs.graph_path),
            "model": file_entry(inputs.model.model_path),
            "priors": file_entry(directory / "priors.vec"),
            "times": inputs.times_from,
            "search": asdict(config.decoder),
        }

    def run(self, name: str, scales: Sequence[float]) -> list[Trial]:
        """Return the trials of one checkpoint, in the order of the prior scales."""
        prepare_checkpoint(self._directory, name, self._config.device)
        experiment = Experiment.load(self._directory, name)
        fingerprint = {**self._fingerprint, "weights": experiment.fingerprint(), **experiment.record}
        settings = self._config.settings
        trials = {scale: read_trial(self.folder, name, scale, fingerprint, settings) for scale in scales}
        wanted = [scale for scale, trial in trials.items() if trial is None]
        if kept := len(scales) - len(wanted):
            logger.info("%s: %d of %d prior scales kept from %s", name, kept, len(scales), self.folder)
        if wanted:
            for scale, hypotheses in self._decode(experiment, name, wanted).items():
                counts = {setting: self._reference.score(found) for setting, found in hypotheses.items()}
                trial = trials[scale] = Trial(name, scale, counts)
                trial.write(self.folder, fingerprint)
        return [trial for trial in trials.values() if trial is not None]

    def _decode(self, experiment: Experiment, name: str, scales: Sequence[float]) -> dict[float, Hypotheses]:
        """Return the best paths of all utterances at each prior scale and setting."""
        started = time.monotonic()
        features, data_dir = experiment.description.features, self._data_dir
        if self._stats is None:
            self._stats = load_speaker_stats(features, data_dir)
        if self._search is None:
            self._search = compile_search(self._inputs, DecodeConfig(self._config.decoder, determinize=False))
        scorer = experiment.scorer(ScoringConfig(device=self._config.device))
        decode = _UtteranceDecoder(self._search, scorer.posteriors_for_data(data_dir, self._stats), scales)
        formatter = self._formatter(features.frame_shift_samples / features.sample_rate)
        settings = self._config.settings

        def best_paths(utterance: Utterance) -> tuple[Utterance, dict[float, Any] | BlasrError]:
            try:
                lattices = decode(utterance)
            except UTTERANCE_ERRORS as error:
                return utterance, error
            return utterance, {
                scale: lattice and self._words(utterance.id, lattice, settings, formatter)
                for scale, lattice in lattices.items()
            }

        hypotheses: dict[float, Hypotheses] = {scale: {setting: {} for setting in settings} for scale in scales}
        tally = Tally(f"tune, {name}", self._config.max_loss)
        with one_torch_thread():
            results = ordered_map(best_paths, data_dir.utterances, self._config.workers)
            for utterance, found in track(results, name, len(data_dir.utterances)):
                if isinstance(found, BlasrError):
                    tally.drop_error(utterance.id, found)
                    continue
                for scale, words in found.items():
                    for setting, line in (words or {}).items():
                        hypotheses[scale][setting][utterance.id] = line
                if all(words is None for words in found.values()):
                    tally.drop(utterance.id, "without a path")
                else:
                    tally.keep()
        tally.check()
        logger.info("%s, at %d prior scales in %.1f s", tally.summary(), len(scales), time.monotonic() - started)
        return hypotheses

    def _words(
        self, utterance: str, lattice: Lattice, settings: Iterable[PathWeights], formatter: PathFormatter
    ) -> dict[PathWeights, list[Any]]:
        """Return the words of the best path at each setting; many settings have the same path."""
        known: dict[bytes, list[Any]] = {}
        words = {}
        for setting in settings:
            path = lattice.best_path(setting.scales)
            key = path.transition_ids.tobytes() + path.words.tobytes()
            if key not in known:
                known[key] = self._reference.words(utterance, path, formatter)
            words[setting] = known[key]
        return words

    def _formatter(self, frame_shift: float) -> PathFormatter:
        inputs = self._inputs
        return PathFormatter(
            words=inputs.words,
            joiner=inputs.joiner,
            frame_shift=frame_shift,
            transition_model=inputs.model.transitions,
            lexicon=inputs.lexicon,
        )


@dataclass(frozen=True, eq=False)
class _UtteranceDecoder:
    """Decodes an utterance at several prior scales with posteriors that are computed once."""

    search: Search
    posteriors: Callable[[Utterance], Posteriors]
    prior_scales: Sequence[float]

    def __call__(self, utterance: Utterance) -> dict[float, Lattice | None]:
        """Return the lattice at each prior scale; None if no path reached the last frame."""
        posteriors = self.posteriors(utterance)
        return {
            scale: decode_utterance(self.search.decoder, utterance.id, posteriors.log_likelihoods(scale), None).lattice
            for scale in self.prior_scales
        }
