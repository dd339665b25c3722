"""Log-likelihoods of a data directory by a trained experiment: in memory for our own decoder, or as Kaldi archives."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch.utils.data import DataLoader, Dataset

from blasr import __version__
from blasr.data.data_dir import DataDir, Utterance
from blasr.errors import BlasrError
from blasr.features.extraction import FeatureExtractor
from blasr.features.fbank import TooShortError
from blasr.features.speaker_stats import collect_speaker_stats
from blasr.inference import LogLikelihoods, PosteriorComputer, write_dump
from blasr.inference.manifest import data_entry, file_entry
from blasr.pipeline.experiment import Experiment
from blasr.pipeline.preflight import check_dump, check_sample_rate
from blasr.progress import track
from blasr.tally import Tally
from blasr.units import CONTEXT_FRAMES, FloatArray

logger = logging.getLogger(__name__)

Item = tuple[str, FloatArray, int]
"""Utterance-id, log-likelihoods ``(T, num_pdfs)``, and T as the features have it."""


@dataclass(frozen=True)
class DumpOptions:
    """How log-likelihoods are computed.

    Args:
        prior_scale: what log priors are multiplied by before they are taken off.
        jobs: processes; 0 computes in this one, with all of torch's threads.
        device: where, with ``jobs`` 0.
        piece_frames: the longest stretch that goes through the network at once.
    """

    prior_scale: float = 1.0
    jobs: int = 0
    device: torch.device | None = None
    piece_frames: int = 6000


class _LogLikelihoodDataset(Dataset[Item | BlasrError]):
    """Computes in whichever process asks; a mistake in the data comes back as a value, to keep its one message."""

    def __init__(
        self, experiment: Experiment, extractor: FeatureExtractor, utterances: Sequence[Utterance], options: DumpOptions
    ) -> None:
        self._extractor, self._utterances = extractor, utterances
        self._posteriors = PosteriorComputer(experiment.model, options.device, piece_frames=options.piece_frames)
        self._log_likelihoods = LogLikelihoods(experiment.priors.log, options.prior_scale)

    def __len__(self) -> int:
        return len(self._utterances)

    def __getitem__(self, index: int) -> Item | BlasrError:
        utterance = self._utterances[index]
        try:
            planes = self._extractor.network_input(utterance)
        except BlasrError as error:
            return error
        log_posteriors = self._posteriors.log_posteriors(planes, in_context=True)
        return utterance.id, self._log_likelihoods(log_posteriors), planes.shape[2] - 2 * CONTEXT_FRAMES


def _as_is(item: Any) -> Any:
    return item


def log_likelihoods(
    experiment: Experiment,
    data_dir: DataDir,
    options: DumpOptions | None = None,
    *,
    tally: Tally | None = None,
) -> Iterator[Item]:
    """``log p(s|x) - prior_scale * log p(s)`` of every utterance, in the order of the data directory.

    Args:
        experiment: a trained one.
        data_dir: whose speakers' statistics normalise the features.
        options: how.
        tally: where utterances too short for one frame are told; without it they are an error.

    Yields:
        Utterance-id, float32 ``(T, num_pdfs)``, T.

    Raises:
        DataError: audio cannot be read.
    """
    options = options or DumpOptions()
    features = experiment.description.features
    extractor = FeatureExtractor(features, data_dir, collect_speaker_stats(features, data_dir))
    dataset = _LogLikelihoodDataset(experiment, extractor, data_dir.utterances, options)
    loader = DataLoader(dataset, batch_size=None, num_workers=options.jobs, collate_fn=_as_is)
    for item in loader:
        if isinstance(item, TooShortError) and tally is not None:
            tally.drop(item.utterance or "?", "too short for one frame")
        elif isinstance(item, BlasrError):
            raise item
        else:
            yield item


def dump_network(
    experiment: Experiment,
    data: Path,
    out: Path,
    options: DumpOptions | None = None,
    *,
    model: Path | None = None,
    max_loss: float = 0.05,
    allow_pipes: bool = False,
) -> Tally:
    """Write ``loglikes.ark``, ``loglikes.scp`` and ``manifest.json`` of a data directory into ``out``.

    Args:
        experiment: a trained one.
        data: a Kaldi data directory.
        out: a folder, made where absent.
        options: how.
        model: the decoder's ``final.mdl``, for the check of the number of pdfs.
        max_loss: the greatest share of utterances that may be dropped.
        allow_pipes: whether commands in ``wav.scp`` may run.

    Raises:
        MismatchError: network, priors, ``final.mdl``, tree and features do not belong together; nothing is written.
        DataError: no utterances, unreadable audio, values that are not finite, too many utterances dropped.
    """
    options = options or DumpOptions()
    num_pdfs = check_dump(experiment, model)
    data_dir = DataDir.read(data, allow_pipes=allow_pipes)
    check_sample_rate(data_dir, experiment.description.features.sample_rate, str(experiment.directory / "final.yaml"))
    tally = Tally("dump", max_loss)
    started = time.perf_counter()
    priors = experiment.priors
    write_dump(
        out,
        track(
            log_likelihoods(experiment, data_dir, options, tally=tally),
            "log-likelihoods",
            total=len(data_dir.utterances),
        ),
        num_pdfs=num_pdfs,
        asked=len(data_dir.utterances),
        tally=tally,
        manifest={
            "values": "log p(s|x) - prior_scale * log p(s)",
            "blasr": __version__,
            "data": data_entry(data_dir),
            "experiment": str(experiment.directory),
            "weights": {**file_entry(experiment.weights), "of": experiment.origin},
            "model": file_entry(model or experiment.final_mdl),
            **({"tree": file_entry(tree)} if (tree := experiment.directory / "tree").is_file() else {}),
            "priors": {
                "scale": options.prior_scale,
                "source": priors.source,
                "floor": priors.floor,
                "floored": priors.num_floored,
            },
            "cmvn": {
                "of": experiment.description.features.cmvn,
                "variances": experiment.description.features.norm_vars,
            },
        },
    )
    seconds = time.perf_counter() - started
    logger.info("%s", tally.summary())
    logger.info("written: %s in %.1f s, prior scale %g", out / "loglikes.ark", seconds, options.prior_scale)
    return tally
