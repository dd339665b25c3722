"""Collecting the statistics of speakers from audio, in parallel, with a bounded cost for each perturbation."""

from __future__ import annotations

import gc
import itertools
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

from blasr.data.data_dir import DataDir, Utterance
from blasr.errors import UTTERANCE_ERRORS, BlasrError
from blasr.features.cmvn import CmvnStats
from blasr.features.config import FeatureConfig
from blasr.features.perturbation import UNCHANGED, Perturbation
from blasr.features.speaker_stats import SpeakerStats
from blasr.features.static_features import StaticFeatures
from blasr.interrupts import ignore_first_stop
from blasr.progress import track
from blasr.tally import Tally
from blasr.threads import one_torch_thread
from blasr.units import AnyArray

logger = logging.getLogger(__name__)

Item = TypeVar("Item")

SAMPLED_UTTERANCES = 16
"""The number of utterances of each speaker that are perturbed to derive statistics of the perturbed voices."""
_JOB_UTTERANCES = 50
"""The largest number of utterances that one job reads. The sums, and so the bits, do not depend on the workers."""


@dataclass(frozen=True)
class _Job:
    """Utterances of one speaker, and the voices to sum up for each of them."""

    speaker: str
    utterances: tuple[Utterance, ...]
    voices: tuple[Perturbation, ...]
    is_sample: bool


@dataclass(frozen=True)
class _Sums:
    """The statistics ``(voices, 2, D + 1)`` of a job's utterances, and the utterances that could not be used."""

    matrices: AnyArray
    dropped: tuple[tuple[str, BlasrError], ...]


class _Jobs(Dataset[_Sums | BlasrError]):
    """Computes jobs in the process that reads them; errors are returned, since a worker would make them text."""

    def __init__(self, static: StaticFeatures, jobs: Sequence[_Job]) -> None:
        self._static, self._jobs = static, jobs

    def __len__(self) -> int:
        return len(self._jobs)

    def __getitem__(self, index: int) -> _Sums | BlasrError:
        job = self._jobs[index]
        sums = [CmvnStats.zeros(self._static.dim) for _ in job.voices]
        dropped = []
        for utterance in job.utterances:
            try:
                for total, features in zip(sums, self._static.compute_voices(utterance, job.voices), strict=True):
                    total.accumulate(features)
            except UTTERANCE_ERRORS as error:
                dropped.append((utterance.id, error))
            except BlasrError as error:
                return error
        return _Sums(np.stack([total.matrix for total in sums]), tuple(dropped))


def collect_speaker_stats(
    config: FeatureConfig,
    data_dir: DataDir,
    voices: Sequence[Perturbation] = (UNCHANGED,),
    *,
    num_jobs: int = 1,
    unperturbed: SpeakerStats | None = None,
    tally: Tally | None = None,
) -> SpeakerStats:
    """Collect the statistics of every speaker's features before normalization.

    A speaker without frames has no statistics. If ``config.cmvn`` is not ``speaker``, no audio is read and there are no
    statistics at all. Arguments are those of :func:`iterate_speaker_stats`.
    """
    if config.cmvn != "speaker":
        return SpeakerStats()
    voices = distinct_voices(voices)
    found = dict(
        iterate_speaker_stats(config, data_dir, voices, num_jobs=num_jobs, unperturbed=unperturbed, tally=tally)
    )
    return SpeakerStats(list(found), voices, np.stack(list(found.values()))) if found else SpeakerStats()


def distinct_voices(voices: Sequence[Perturbation]) -> tuple[Perturbation, ...]:
    """Return the voices without gains and repetitions, the unperturbed one first."""
    return tuple(dict.fromkeys([UNCHANGED, *(perturbation.voice for perturbation in voices)]))


def iterate_speaker_stats(
    config: FeatureConfig,
    data_dir: DataDir,
    voices: tuple[Perturbation, ...],
    *,
    num_jobs: int = 1,
    unperturbed: SpeakerStats | None = None,
    tally: Tally | None = None,
) -> Iterator[tuple[str, AnyArray]]:
    """Yield every speaker, sorted, and the statistics ``(voices, 2, D + 1)``; a count of 0 means none.

    Statistics of the unperturbed voice are sums over all utterances. Those of the other voices are sums too if the
    speaker has at most :data:`SAMPLED_UTTERANCES` utterances. Otherwise so many, evenly spread, are perturbed, and

        mean = mean of all + (mean of the perturbed sample - mean of the same sample unperturbed),

    which cancels most of what is special about the sample's words; variances are multiplied by the ratio likewise.

    Args:
        config: the configuration of the features.
        data_dir: the speakers and their utterances.
        voices: the perturbations of each speaker, from :func:`distinct_voices`.
        num_jobs: the number of worker processes; 1 for none.
        unperturbed: statistics of the unperturbed speakers; then only the samples are read.
        tally: counts the utterances; otherwise those whose audio cannot be used are counted and logged.
    """
    static = StaticFeatures(config, data_dir)
    speakers = data_dir.speakers()
    jobs = [job for speaker in speakers for job in _jobs_of(speaker, speakers[speaker], voices, unperturbed)]
    counted = tally or Tally("speaker statistics")
    loader: DataLoader[_Sums | BlasrError] = DataLoader(
        _Jobs(static, jobs),
        batch_size=None,
        num_workers=min(num_jobs, len(jobs)) if num_jobs > 1 else 0,
        collate_fn=_unchanged,
        worker_init_fn=_start_worker,
        generator=torch.Generator(),  # a run that finds the statistics stored must not draw less from its own
    )
    with one_torch_thread():
        done = zip(jobs, track(loader, "speaker statistics", len(jobs)), strict=True)
        for speaker, results in itertools.groupby(done, key=lambda item: item[0].speaker):
            known = None if unperturbed is None else unperturbed.find(speaker)
            total, sample = np.zeros((2, static.dim + 1)), np.zeros((len(voices), 2, static.dim + 1))
            for job, sums in results:
                _count(job, sums := _usable(sums), counted, quiet=tally is None)
                if tally is not None:
                    tally.check_early(len(data_dir))
                total += sums.matrices[0]
                if job.is_sample:
                    sample += sums.matrices
            utterances = speakers[speaker]
            if unperturbed is None and len(utterances) <= SAMPLED_UTTERANCES:
                yield speaker, sample
                continue
            if len(voices) > 1 and not sample[0, 0, -1] and len(utterances) > SAMPLED_UTTERANCES:
                others = _Job(speaker, utterances, voices, is_sample=True)  # no sampled utterance could be used
                sample += _usable(_Jobs(static, [others])[0]).matrices
            yield speaker, derived_stats(total if known is None else known, sample)
    if tally is None and counted.dropped:
        logger.warning(counted.summary())


def _usable(sums: _Sums | BlasrError) -> _Sums:
    if isinstance(sums, BlasrError):
        raise sums
    return sums


def _count(job: _Job, sums: _Sums, tally: Tally, *, quiet: bool) -> None:
    """Count the utterances of a job; if ``quiet``, the stage that needs an utterance logs what is wrong with it."""
    tally.keep(len(job.utterances) - len(sums.dropped))
    for name, error in sums.dropped:
        if quiet:
            tally.drop(name, error.reason)
        else:
            tally.drop_error(name, error)


def derived_stats(unperturbed: AnyArray, sample: AnyArray) -> AnyArray:
    """Return the statistics ``(voices, 2, D + 1)`` of a speaker from those of some of the utterances.

    Args:
        unperturbed: statistics ``(2, D + 1)`` of all utterances.
        sample: statistics ``(voices, 2, D + 1)`` of some utterances, the unperturbed voice first. If it has no frames,
            only the unperturbed voice has statistics.
    """
    result = np.zeros_like(sample)
    result[0] = unperturbed
    if unperturbed[0, -1] > 0 and len(sample) > 1 and (sample[:, 0, -1] > 0).all():
        mean, variance = _moments(unperturbed)
        means, variances = _moments(sample)
        counts = unperturbed[0, -1] * sample[:, 0, -1:] / sample[0, 0, -1]
        new_means = mean + means - means[0]
        new_variances = variance * variances / np.maximum(variances[0], 1e-10)
        result[1:, 0, -1:] = counts[1:]
        result[1:, 0, :-1] = (new_means * counts)[1:]
        result[1:, 1, :-1] = ((new_variances + new_means**2) * counts)[1:]
    return result


def _moments(matrices: AnyArray) -> tuple[AnyArray, AnyArray]:
    """Return means and variances ``(..., D)`` of statistics ``(..., 2, D + 1)``."""
    mean = matrices[..., 0, :-1] / matrices[..., 0, -1:]
    return mean, np.maximum(matrices[..., 1, :-1] / matrices[..., 0, -1:] - mean**2, 0.0)


def _jobs_of(
    speaker: str, utterances: Sequence[Utterance], voices: tuple[Perturbation, ...], unperturbed: SpeakerStats | None
) -> Iterator[_Job]:
    """Yield the jobs of a speaker: first the sample in all voices, then the other utterances as they are."""
    count = min(SAMPLED_UTTERANCES, len(utterances))
    chosen = [index * len(utterances) // count for index in range(count)]
    sample = tuple(utterances[index] for index in chosen)
    yield _Job(speaker, sample, voices, is_sample=True)
    if unperturbed is None:
        sampled = set(chosen)
        rest = [item for index, item in enumerate(utterances) if index not in sampled]
        for start in range(0, len(rest), _JOB_UTTERANCES):
            yield _Job(speaker, tuple(rest[start : start + _JOB_UTTERANCES]), (UNCHANGED,), is_sample=False)


def _start_worker(number: int) -> None:
    """Let the main process decide when the workers end; do not copy its objects to collect garbage among them."""
    gc.freeze()
    ignore_first_stop()


def _unchanged(item: Item) -> Item:
    """Keep numpy arrays, which the loader would turn into tensors."""
    return item
