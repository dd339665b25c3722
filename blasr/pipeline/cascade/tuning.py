"""Choosing the threshold of a cascade on held-out data, and measuring a cascade whose threshold is frozen."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from blasr import __version__
from blasr.data.data_dir import DataDir
from blasr.decoding.config import DecoderConfig
from blasr.errors import DataError, MismatchError
from blasr.inference.config import CascadeConfig, LatticeConfidenceConfig, ScoringConfig
from blasr.inference.manifest import data_entry, file_entry
from blasr.io.atomic import atomic_dir
from blasr.lattices.config import PathWeights
from blasr.lattices.timed_words import PathFormatter
from blasr.pictures import require_matplotlib
from blasr.pipeline.bundle import BundleSettings, make_bundle
from blasr.pipeline.cascade.curve import ALWAYS_BIG, CascadeCurve, CurvePoint
from blasr.pipeline.cascade.experiment import (
    CASCADE_FILE,
    CascadeExperiment,
    check_pair,
    check_replaceable,
    write_cascade,
)
from blasr.pipeline.cascade.measures import BestPathErrors, CascadeMeasure, FrameDisagreements
from blasr.pipeline.cascade.output import write_curve, write_report
from blasr.pipeline.cascade.sweep import CascadeSweep
from blasr.pipeline.cascade.timing import NetworkSeconds, time_networks
from blasr.pipeline.decode import DecodeConfig, compile_search
from blasr.pipeline.decode_inputs import DecodeInputs, DecodePaths
from blasr.pipeline.experiment import Experiment
from blasr.pipeline.network_checks import check_network
from blasr.pipeline.tuned_setting import SETTING_FILE, TunedSetting
from blasr.pipeline.tuning_references import TuningReference

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class WordTask:
    """What word errors need besides posteriors.

    Attributes:
        paths: graph, words and lang folder.
        reference: counts errors.
        path_weights: LM weight and word insertion penalty.
        model: the ``final.mdl`` of the graph; by default the big experiment's.
        decoder: the beams.
    """

    paths: DecodePaths
    reference: TuningReference
    path_weights: PathWeights
    model: Path | None = None
    decoder: DecoderConfig = field(default_factory=DecoderConfig)


@dataclass(frozen=True)
class CascadeTuneConfig:
    """How a threshold is chosen.

    Attributes:
        max_degradation: the largest loss against the big model, in percentage points of the error rate.
        cascade: confidence and what is passed on as a whole; its threshold is replaced by the chosen one.
        prior_scale: the weight of the log priors of both models.
        num_thresholds: how many thresholds are tried between the little and the big model alone.
        timed_utterances: how many utterances are timed at the chosen threshold; 0 for none.
        picture: draw the curve.
        workers: number of threads; each works on one utterance at a time.
        device: where the networks run.
        max_loss: the largest share of utterances that may be without a result.
    """

    max_degradation: float = 0.2
    cascade: CascadeConfig = field(default_factory=CascadeConfig)
    prior_scale: float = 1.0
    num_thresholds: int = 19
    timed_utterances: int = 30
    picture: bool = True
    workers: int = 1
    device: str = "cpu"
    max_loss: float = 0.05


@dataclass(frozen=True)
class MeasuredCascade:
    """A cascade on a data directory.

    Attributes:
        curve: errors and cost at the thresholds that were tried.
        chosen: the point of the cascade's threshold.
        seconds: the time of the networks, if it was measured.
        out: the folder that was written, if any.
    """

    curve: CascadeCurve
    chosen: CurvePoint
    seconds: NetworkSeconds | None
    out: Path | None = None


def tune_cascade(
    little: Experiment,
    big: Experiment,
    data_dir: DataDir,
    out: Path,
    config: CascadeTuneConfig | None = None,
    task: WordTask | None = None,
) -> MeasuredCascade:
    """Choose the threshold with the fewest MACs for a wanted loss, and write the cascade as one folder.

    Args:
        little, big: trained networks of the same tree and features.
        data_dir: held-out data.
        out: a new folder, or a cascade, which is replaced. It is an experiment directory for other commands; with a
            lang folder in ``task`` its subfolder ``bundle`` is a bundle.
        config: the wanted loss, and what is tried.
        task: graph and transcripts, for word errors. Without it, the loss is the share of frames whose likeliest pdf
            differs from the big model's.

    Raises:
        ConfigError, MismatchError: the models or the inputs do not fit together.
        DataError: ``out`` has other files, both models do equally well on each utterance, or too many have no result.
        DependencyError: a picture is wanted, but matplotlib is not installed.
    """
    config = config or CascadeTuneConfig()
    if config.picture:
        require_matplotlib()
    check_replaceable(out)
    check_pair(little, big)
    check_network(big, task.model if task else None, data_dir)
    if task is not None:
        task.reference.check(data_dir)
        search = LatticeConfidenceConfig(config.prior_scale, task.decoder, task.path_weights)
        config = replace(config, cascade=replace(config.cascade, lattice=search))
    graph = _graph(config.cascade, task)
    experiment = CascadeExperiment.join(little, big, config.cascade, graph)
    sweep = _sweep(experiment, data_dir, config)
    curve = sweep.full_curve(_measure(experiment, data_dir, config, task), config.num_thresholds)
    curve.check_differences("utterances")
    chosen = curve.choose(config.max_degradation)
    experiment = replace(experiment, cascade=replace(config.cascade, threshold=chosen.threshold))
    seconds = _time(experiment, sweep, config)
    with atomic_dir(out) as folder:
        write_cascade(folder, little, big, experiment.cascade, graph)
        write_curve(curve, chosen, folder, picture=config.picture)
        tuned_on = _data(data_dir, task)
        choice = {"max_degradation": config.max_degradation, "tuned_on": tuned_on}
        write_report(curve, chosen, folder, {**_report(experiment, config, task, seconds), **choice})
        written = CascadeExperiment.load(folder)
        if task is not None:
            tuned_on |= {**asdict(chosen.total), "wer": round(chosen.total.wer, 4)}
            setting = TunedSetting(task.path_weights, "final", config.prior_scale, written.fingerprint())
            setting.write(folder / SETTING_FILE, out / written.weights.name, tuned_on)
    if task is not None:
        _add_bundle(CascadeExperiment.load(out), config, task)
    return MeasuredCascade(curve, chosen, seconds, out)


def evaluate_cascade(
    experiment: CascadeExperiment,
    data_dir: DataDir,
    config: CascadeTuneConfig,
    task: WordTask | None = None,
    out: Path | None = None,
) -> MeasuredCascade:
    """Measure a cascade at its own threshold, beside its two models alone; nothing is chosen.

    Args:
        experiment: the cascade.
        data_dir: other data than it was tuned on.
        config: prior scale, what is timed, workers; the cascade and the wanted loss in it are not used.
        task: graph and transcripts, for word errors.
        out: a folder for the whole curve and a report; by default only three thresholds are measured.

    Raises:
        DataError: ``out`` is a cascade.
        BlasrError: as :func:`tune_cascade`.
    """
    if out is not None and (out / CASCADE_FILE).is_file():
        message = "is a cascade; the evaluation would replace the record of how its threshold was chosen"
        raise DataError(message, path=out, fix=f"name another folder, such as {out / 'evaluated'}")
    if out is not None and config.picture:
        require_matplotlib()
    check_network(experiment, task.model if task else None, data_dir)
    if task is not None:
        task.reference.check(data_dir)
    sweep = _sweep(experiment, data_dir, config)
    measure = _measure(experiment, data_dir, config, task)
    own = experiment.cascade.threshold
    thresholds = {0.0, own, ALWAYS_BIG if own <= 1 else own}
    if out is not None:
        others = sweep.thresholds(config.num_thresholds)
        thresholds |= {threshold for threshold in others if threshold <= 1}
    curve = sweep.curve(measure, sorted(thresholds))
    chosen = next(point for point in curve.points if point.threshold == own)
    seconds = _time(experiment, sweep, config)
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        write_curve(curve, chosen, out, picture=config.picture)
        report = {**_report(experiment, config, task, seconds), "evaluated_on": _data(data_dir, task)}
        write_report(curve, chosen, out, report)
    return MeasuredCascade(curve, chosen, seconds, out)


def _graph(cascade: CascadeConfig, task: WordTask | None) -> Path | None:
    if cascade.confidence != "lattice":
        return None
    if task is None:
        raise MismatchError("the confidence of lattices needs a graph", fix="give --graph, or another --confidence")
    graph = task.paths.graph
    return graph / "HCLG.fst" if graph.is_dir() else graph


def _sweep(experiment: CascadeExperiment, data_dir: DataDir, config: CascadeTuneConfig) -> CascadeSweep:
    scorer = experiment.scorer(ScoringConfig(config.prior_scale, config.device))
    return CascadeSweep.over(scorer, data_dir, config.workers, config.max_loss)


def _measure(
    experiment: CascadeExperiment, data_dir: DataDir, config: CascadeTuneConfig, task: WordTask | None
) -> CascadeMeasure:
    if task is None:
        return FrameDisagreements(data_dir)
    inputs = DecodeInputs.read(task.paths, task.model or experiment.final_mdl)
    features = experiment.description.features
    formatter = PathFormatter(
        words=inputs.words,
        joiner=inputs.joiner,
        frame_shift=features.frame_shift_samples / features.sample_rate,
        transition_model=inputs.model.transitions,
        lexicon=inputs.lexicon,
    )
    search = compile_search(inputs, DecodeConfig(task.decoder, determinize=False))
    return BestPathErrors(search, task.reference, formatter, task.path_weights, config.prior_scale)


def _time(experiment: CascadeExperiment, sweep: CascadeSweep, config: CascadeTuneConfig) -> NetworkSeconds | None:
    if not config.timed_utterances:
        return None
    step = max(1, len(sweep.data_dir.utterances) // config.timed_utterances)
    utterances = sweep.data_dir.utterances[::step][: config.timed_utterances]
    inputs = sweep.readable_inputs(utterances)
    return time_networks(experiment, inputs, ScoringConfig(config.prior_scale, config.device)) if inputs else None


def _data(data_dir: DataDir, task: WordTask | None) -> dict[str, Any]:
    """Return what was measured: the data and, for word errors, references and graph."""
    data: dict[str, Any] = {"data": data_entry(data_dir)["dir"]}
    return data if task is None else {**data, **task.reference.description, "graph": str(task.paths.graph)}


def _report(
    experiment: CascadeExperiment, config: CascadeTuneConfig, task: WordTask | None, seconds: NetworkSeconds | None
) -> dict[str, Any]:
    models: Sequence[tuple[str, Experiment]] = (("little", experiment.little), ("big", experiment))
    return {
        "blasr": __version__,
        "cascade": asdict(experiment.cascade),
        "models": {name: {**file_entry(model.weights), "of": model.origin} for name, model in models},
        "prior_scale": config.prior_scale,
        "path_weights": asdict(task.path_weights) if task else None,
        "seconds": asdict(seconds) if seconds else None,
    }


def _add_bundle(experiment: CascadeExperiment, config: CascadeTuneConfig, task: WordTask) -> None:
    """Write the subfolder ``bundle``, or log what it lacks."""
    if task.paths.lang is None:
        logger.info("no bundle for blasr transcribe: give the lang directory with --lang")
        return
    settings = BundleSettings(task.decoder, task.path_weights, config.prior_scale)
    out = experiment.directory / "bundle"
    make_bundle(experiment, task.paths.graph, out, model=task.model, lang=task.paths.lang, settings=settings)
