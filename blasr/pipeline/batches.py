"""The batches of a training run, from its configuration and its corpus."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from blasr.augmentation import AugmentationConfig, Augmenter, TrainingSpeech
from blasr.chunks import (
    ChunkBatches,
    ChunkConfig,
    ExampleLoader,
    ProcessShare,
    Sampling,
    all_voices,
    balancing_weights,
)
from blasr.data import DataDir
from blasr.features import (
    GLOBAL_CMVN,
    UNCHANGED,
    CmvnStats,
    FeatureExtractor,
    Perturbation,
    SpeakerStats,
    SpeakerStatsStore,
    write_global_cmvn,
)
from blasr.pipeline.config import RunConfig
from blasr.pipeline.corpus import Corpus, LabeledData
from blasr.training import DistributedContext

VALID_CHUNK_FRAMES = 200
"""Maximum number of frames in a chunk of held-out data, if those of training are shorter. The cross-entropy does not
depend on it."""


@dataclass(frozen=True)
class RunBatches:
    """The batches of a training run.

    Attributes:
        train: the training data, augmented and shuffled as configured.
        valid: the held-out data; None if there is none.
        plain: returns the training data shuffled, but not augmented, to estimate statistics on.
    """

    train: ChunkBatches
    valid: ChunkBatches | None
    plain: Callable[[], ChunkBatches]


def make_batches(config: RunConfig, corpus: Corpus, distributed: DistributedContext) -> RunBatches:
    """Return the batches of a run.

    Raises:
        ConfigError: a codec of the augmentation is not installed.
        DataError: audio cannot be read for the speakers' statistics, or a list of the augmentation is missing.
    """
    augmenter = make_augmenter(config, corpus.train)  # before anything takes long
    stats = shared_speaker_stats(config, corpus.train.data_dir, all_voices(config.augmentation), "train", distributed)
    store_global_stats(config, stats, distributed)
    global_stats = shared_global_stats(config, corpus.train.data_dir, distributed)
    extractor = FeatureExtractor(config.features, corpus.train.data_dir, stats, global_stats)
    return RunBatches(
        train_batches(config, corpus, extractor, distributed, augmenter),
        valid_batches(config, corpus, extractor, distributed, global_stats),
        partial(train_batches, without_augmentation(config), corpus, extractor, distributed),
    )


def shared_speaker_stats(
    config: RunConfig, data_dir: DataDir, voices: Sequence[Perturbation], name: str, distributed: DistributedContext
) -> SpeakerStats:
    """Return the speakers' statistics, which are collected once and stored in the experiment directory.

    Args:
        config: the run's configuration; ``chunks.num_workers`` processes read the audio.
        data_dir: the speakers and their utterances.
        voices: the perturbations of each speaker.
        name: the name of the data in the experiment directory.
        distributed: the processes; the main one collects, the others wait.

    Raises:
        DataError: no speaker has usable audio.
        MismatchError: ``cmvn.scp`` of the data directory belongs to other data or other features.
    """
    store = SpeakerStatsStore(config.features, data_dir, voices, config.experiment / "speaker_stats" / name)
    return store.open_or_collect(config.chunks.num_workers) if distributed.is_main else store.wait()


def shared_global_stats(config: RunConfig, data_dir: DataDir, distributed: DistributedContext) -> CmvnStats | None:
    """Return the statistics of the training data, and store them with the experiment; None if ``cmvn`` is not online.

    They are the sums over all speakers of :func:`shared_speaker_stats`. Arguments and errors are the same.
    """
    if config.features.cmvn != "online":
        return None
    by_speaker = replace(config, features=replace(config.features, cmvn="speaker"))
    speaker_stats = shared_speaker_stats(by_speaker, data_dir, [UNCHANGED], "train", distributed)
    store_global_stats(config, speaker_stats, distributed)
    return speaker_stats.total()


def store_global_stats(config: RunConfig, stats: SpeakerStats, distributed: DistributedContext) -> None:
    """Store the sums over all speakers with the experiment, for live recognition, which has no whole recordings."""
    if distributed.is_main and stats.dim is not None and UNCHANGED in stats.perturbations:
        write_global_cmvn(config.experiment / GLOBAL_CMVN, stats.total())


def without_augmentation(config: RunConfig) -> RunConfig:
    """Return a configuration with the training data as it is: not augmented, balanced or cached."""
    chunks = replace(config.chunks, balance_gamma=1.0, cache_mb=0)
    return replace(config, chunks=chunks, augmentation=AugmentationConfig())


def make_augmenter(config: RunConfig, data: LabeledData) -> Augmenter:
    """Return the augmenter of a run.

    Args:
        config: the run's configuration.
        data: the training data, which is also the other speech of babble without a list.

    Raises:
        ConfigError: a codec is not installed.
        DataError: a list of audio, or a file in it, is missing.
    """
    rate = config.features.sample_rate
    return Augmenter(
        config.augmentation,
        rate,
        lambda: TrainingSpeech(data.data_dir, data.utterances.values_by_place(), rate),
        allow_pipes=config.data.allow_pipes,
    )


def train_batches(
    config: RunConfig,
    corpus: Corpus,
    extractor: FeatureExtractor,
    distributed: DistributedContext,
    augmenter: Augmenter | None = None,
) -> ChunkBatches:
    """Return the batches of the training data, shuffled as configured, and augmented if there is an augmenter."""
    data, seed = corpus.train, config.training.seed
    loader = ExampleLoader(
        extractor,
        data.utterances,
        data.labels,
        augmenter=augmenter,
        seed=seed,
        cache_bytes=config.chunks.cache_mb * 2**20 if config.chunks.num_workers == 0 else 0,
    )
    gamma = config.chunks.balance_gamma
    sampling = Sampling(
        seed=seed,
        join_probability=config.augmentation.join_probability,
        pdf_weights=balancing_weights(data.pdf_counts(), gamma) if gamma < 1 else None,
    )
    return ChunkBatches(
        loader,
        data.planned_utterances(),
        config.chunks,
        sampling,
        share=ProcessShare(distributed.rank, distributed.world_size),
        max_loss=config.data.max_loss,
        device=distributed.device,
    )


def valid_batches(
    config: RunConfig,
    corpus: Corpus,
    extractor: FeatureExtractor,
    distributed: DistributedContext,
    global_stats: CmvnStats | None = None,
) -> ChunkBatches | None:
    """Return the batches of the held-out data, in order and unchanged; None if there is no held-out data.

    Args:
        config: the run's configuration.
        corpus: the run's data.
        extractor: the extractor of the training data, used also for held-out data of the same data directory.
        distributed: the processes that share the data.
        global_stats: statistics of the training data, if the features are normalized online.
    """
    data = corpus.valid
    if data is None:
        return None
    if data.data_dir is not corpus.train.data_dir:
        stats = shared_speaker_stats(config, data.data_dir, [UNCHANGED], "valid", distributed)
        extractor = FeatureExtractor(config.features, data.data_dir, stats, global_stats)
    loader = ExampleLoader(extractor, data.utterances, data.labels, cache_bytes=config.chunks.cache_mb * 2**20)
    chunk_frames = max(config.chunks.chunk_frames, VALID_CHUNK_FRAMES)
    sizes = ChunkConfig(
        chunk_frames=chunk_frames,
        batch_frames=max(config.chunks.batch_frames, chunk_frames),
        pool_frames=config.chunks.pool_frames,
        num_workers=config.chunks.num_workers,
    )
    return ChunkBatches(
        loader,
        data.planned_utterances(),
        sizes,
        Sampling(shuffle=False),
        share=ProcessShare(distributed.rank, distributed.world_size),
        max_loss=config.data.max_loss,
    )
