"""Export of a trained network for other runtimes, with a comparison on real utterances."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np
from torch import Tensor, nn

from blasr.config import load_config
from blasr.data.data_dir import DataDir, Utterance
from blasr.decoding import LatticeDecoder
from blasr.errors import ConfigError, DataError, MismatchError
from blasr.features.extraction import FeatureExtractor
from blasr.features.online_cmvn import GLOBAL_CMVN
from blasr.features.stored_speaker_stats import load_speaker_stats
from blasr.inference.acoustic_scorer import AcousticScorer
from blasr.inference.config import ExportConfig, ScoringConfig
from blasr.inference.export_formats import EXPORT_FORMATS, ExportFormat, ExportRequest
from blasr.inference.exported import exported_model, write_export_manifest
from blasr.inference.manifest import MANIFEST_NAME, data_entry, file_entry
from blasr.io.atomic import atomic_dir
from blasr.nn import fold_norms
from blasr.pipeline.config import RunConfig
from blasr.pipeline.decode_inputs import DecodeInputs, DecodePaths
from blasr.pipeline.experiment import Experiment, write_description
from blasr.pipeline.network_checks import check_network
from blasr.pipeline.tuned_setting import SETTING_FILE, TunedSetting
from blasr.progress import track
from blasr.scoring import score_text
from blasr.threads import one_torch_thread
from blasr.units import FloatArray

logger = logging.getLogger(__name__)

COPIED: Final = ("priors.vec", "priors.json", "final.mdl", "tree", "phones.txt", GLOBAL_CMVN)
"""What an export has beside the model, where the experiment has it."""


@dataclass(frozen=True)
class Parity:
    """How equal an exported network is to the original.

    Attributes:
        utterances: how many were compared.
        frames: how many frames they have.
        largest_difference: of any log-likelihood.
        mean_difference: the mean of all absolute differences.
        same_best_pdf: the share of frames whose most likely pdf is the same.
        words: words of the original's best paths, None without a graph.
        word_differences: how many of these words the exported network gets otherwise, with insertions.
        same_words: how many utterances have the same words.
    """

    utterances: int
    frames: int
    largest_difference: float
    mean_difference: float
    same_best_pdf: float
    words: int | None = None
    word_differences: int | None = None
    same_words: int | None = None

    def __str__(self) -> str:
        text = (
            f"{self.utterances} utterances, {self.frames} frames: log-likelihoods differ by at most "
            f"{self.largest_difference:.2g} (mean {self.mean_difference:.2g}), the best pdf is the same in "
            f"{self.same_best_pdf:.2%} of the frames"
        )
        if self.words is None:
            return text
        return f"{text}, {self.word_differences} of {self.words} words differ"


def export(
    experiment: Experiment,
    data_dir: DataDir,
    out: Path,
    config: ExportConfig | None = None,
    *,
    graph: DecodePaths | None = None,
    prior_scale: float = 1.0,
) -> Parity:
    """Write an exported network with its priors, ``final.mdl`` and ``manifest.json`` into ``out``.

    The folder is an experiment for ``blasr dump``, ``decode`` and ``bundle`` if its format is one that blasr runs.

    Args:
        experiment: the trained network.
        data_dir: real utterances, to compare the networks and to calibrate int8.
        out: a new or empty folder, or an export, which is replaced.
        config: the format, and the number of utterances.
        graph: a graph; if given, words are compared too.
        prior_scale: the weight of the log priors, for the comparison of words.

    Raises:
        DependencyError: a package of the extra ``export`` is not installed.
        DataError: ``out`` is another kind of folder, or the data directory has no usable utterance.
        MismatchError: experiment, data and graph do not fit together, or the exported network computes something else.
    """
    config = config or ExportConfig()
    export_format = EXPORT_FORMATS[config.format]
    _check_folder(experiment, out)
    check_network(experiment, None, data_dir)
    inputs = None if graph is None else DecodeInputs.read(graph, experiment.final_mdl)
    stats = load_speaker_stats(experiment.description.features, data_dir)
    extractor = FeatureExtractor(experiment.description.features, data_dir, stats, experiment.global_stats)
    chosen = spread(data_dir.utterances, config.max_utterances)
    calibrated_on = spread(data_dir.utterances, config.calibration_utterances)

    @one_torch_thread()
    def calibration() -> Iterator[Tensor]:
        yield from (extractor.network_input(item) for item in track(calibrated_on, "calibration"))

    with atomic_dir(out) as folder:
        request = ExportRequest(fold_norms(experiment.model), experiment.origin, calibration)
        export_format.write(request, folder / export_format.file)
        scoring = ScoringConfig(prior_scale, "cpu")
        pair = (experiment.scorer(scoring), _scorer_of(experiment, export_format.open(folder / export_format.file)))
        parity = _compare(pair, extractor, chosen, None if inputs is None else _best_words(inputs))
        _check_parity(parity, export_format)
        files = [export_format.file, *_copy_files(experiment, folder, export_format.file, prior_scale)]
        values = {
            "format": config.format,
            "model": asdict(experiment.description.model),
            "num_pdfs": experiment.num_pdfs,
            "input": "features (B, 3, 64, T) float32",
            "output": "logits (B, num_pdfs, T - 48) float32",
            "experiment": str(experiment.directory),
            "weights": {**file_entry(experiment.weights), "of": experiment.origin},
            "data": data_entry(data_dir),
            "calibration_utterances": len(calibrated_on) if config.format == "int8" else None,
            "parity": asdict(parity),
        }
        write_export_manifest(folder, values, files)
    logger.info("written: %s, %.1f MB", out / export_format.file, (out / export_format.file).stat().st_size / 1e6)
    return parity


def training_data(experiment: Path) -> Path:
    """Return the data directory that an experiment was trained on.

    Raises:
        ConfigError: the experiment does not name one, or it is not at hand.
    """
    path = experiment / "config.yaml"
    if not path.is_file():
        raise ConfigError(
            f"{path} is missing, so that the training data are not known", fix="name utterances with --data"
        )
    train = load_config(RunConfig, path).data.train
    if not train.is_dir():
        raise ConfigError(f"the training data {train} of {path} are not there", fix="name utterances with --data")
    return train


def spread(utterances: Sequence[Utterance], count: int) -> list[Utterance]:
    """Return at most ``count`` of the utterances, at equal distances in their order."""
    count = min(count, len(utterances))
    return [utterances[index * len(utterances) // count] for index in range(count)]


def _check_folder(experiment: Experiment, out: Path) -> None:
    if (experiment.directory / "cascade.yaml").is_file():
        message = "is a cascade of two networks"
        raise DataError(message, path=experiment.directory, fix="export the directory of each network by itself")
    if exported_model(experiment.directory) is not None:
        raise DataError("is an exported network already", path=experiment.directory, fix="name the original experiment")
    is_export = (out / MANIFEST_NAME).is_file() and exported_model(out) is not None
    if out.is_dir() and not is_export and any(out.iterdir()):
        raise DataError("contains other files, which an export would replace", path=out, fix="name a new folder")


def _scorer_of(experiment: Experiment, network: nn.Module) -> AcousticScorer:
    features, priors = experiment.description.features, experiment.priors
    return AcousticScorer(network, features, priors, ScoringConfig(device="cpu"), experiment.global_stats)


def _best_words(inputs: DecodeInputs) -> Callable[[FloatArray], list[str]]:
    decoder = LatticeDecoder(inputs.graph, inputs.model.transitions.tid_to_pdf)

    def words(loglikes: FloatArray) -> list[str]:
        return [inputs.words.symbol_of(int(number)) for number in decoder.decode(loglikes).best_path().words]

    return words


def _compare(
    pair: tuple[AcousticScorer, AcousticScorer],
    extractor: FeatureExtractor,
    utterances: Sequence[Utterance],
    words_of: Callable[[FloatArray], list[str]] | None,
) -> Parity:
    largest, total, same, frames = 0.0, 0.0, 0, 0
    words: tuple[dict[str, list[str]], dict[str, list[str]]] = ({}, {})
    for utterance in track(utterances, "comparing"):
        network_input = extractor.network_input(utterance)
        computed = [scorer.posteriors(network_input) for scorer in pair]
        original, exported = (item.log_posteriors for item in computed)
        if original.shape != exported.shape:
            raise MismatchError(f"the exported network's output is {exported.shape}, expected {original.shape}")
        if not np.isfinite(exported).all():
            raise MismatchError(
                f"the exported network's output for {utterance.id} is not finite, that of the original is",
                fix="report it with the output of blasr doctor --json",
            )
        difference = np.abs(original - exported)
        largest = max(largest, float(difference.max()))
        total += float(difference.mean(axis=1, dtype=np.float64).sum())
        same += int((original.argmax(1) == exported.argmax(1)).sum())
        frames += len(original)
        if words_of is not None:
            for found, item in zip(words, computed, strict=True):
                found[utterance.id] = words_of(item.log_likelihoods(pair[0].prior_scale))
    result = Parity(len(utterances), frames, largest, total / frames, same / frames)
    if words_of is None or not any(words[0].values()):
        return result
    score = score_text(*words)
    same_words = sum(words[1][name] == reference for name, reference in words[0].items())
    return Parity(
        **{
            **asdict(result),
            "words": score.total.reference_words,
            "word_differences": score.total.errors,
            "same_words": same_words,
        }
    )


def _check_parity(parity: Parity, export_format: ExportFormat) -> None:
    limit = export_format.tolerance
    if limit is not None and not parity.largest_difference <= limit:
        raise MismatchError(
            f"the exported network computes something else: {parity}; at most {limit:g} is accepted",
            fix="report it with the output of blasr doctor --json",
        )


def _copy_files(experiment: Experiment, folder: Path, model: str, prior_scale: float) -> list[str]:
    """Copy what belongs to the network; return the names of the copies."""
    copied = [name for name in COPIED if (experiment.directory / name).is_file()]
    for name in copied:
        shutil.copyfile(experiment.directory / name, folder / name)
    write_description(folder, experiment.description, experiment.origin)
    copied.append("final.yaml")
    tuned = experiment.directory / SETTING_FILE
    if tuned.is_file():
        weights = folder / model
        setting = TunedSetting(
            TunedSetting.read(tuned).path_weights, "final", prior_scale, file_entry(weights)["sha256"]
        )
        setting.write(folder / SETTING_FILE, Path(model), {"setting": str(tuned)})
        copied.append(SETTING_FILE)
    return copied
