"""The batches of a training run, from its configuration and its corpus."""

from __future__ import annotations

from blasr.chunks import (
    ChunkBatches,
    ChunkConfig,
    ExampleLoader,
    ProcessShare,
    Sampling,
    all_voices,
    balancing_weights,
)
from blasr.features import FeatureExtractor, collect_speaker_stats
from blasr.pipeline.config import RunConfig
from blasr.pipeline.corpus import Corpus
from blasr.training import DistributedContext

VALID_CHUNK_FRAMES = 200
"""Maximum number of frames in a chunk of held-out data, if those of training are shorter. The cross-entropy does not
depend on it."""


def make_batches(
    config: RunConfig, corpus: Corpus, distributed: DistributedContext
) -> tuple[ChunkBatches, ChunkBatches | None]:
    """Return the batches of the training data and of the held-out data, None if there is none.

    Raises:
        DataError: audio cannot be read for the speakers' statistics.
    """
    stats = collect_speaker_stats(config.features, corpus.train.data_dir, all_voices(config.augmentation))
    extractor = FeatureExtractor(config.features, corpus.train.data_dir, stats)
    return train_batches(config, corpus, extractor, distributed), valid_batches(config, corpus, extractor, distributed)


def train_batches(
    config: RunConfig, corpus: Corpus, extractor: FeatureExtractor, distributed: DistributedContext
) -> ChunkBatches:
    """Return the batches of the training data, augmented and shuffled as configured."""
    data, seed = corpus.train, config.training.seed
    loader = ExampleLoader(
        extractor,
        data.utterances,
        data.labels,
        augmentation=config.augmentation,
        seed=seed,
        cache_bytes=config.chunks.cache_mb * 2**20 if config.chunks.num_workers == 0 else 0,
    )
    sampling = Sampling(
        seed=seed,
        join_probability=config.augmentation.join_probability,
        pdf_weights=balancing_weights(data.labels.counts(data.utterances), config.chunks.balance_gamma),
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
    config: RunConfig, corpus: Corpus, extractor: FeatureExtractor, distributed: DistributedContext
) -> ChunkBatches | None:
    """Return the batches of the held-out data, in order and unchanged; None if there is no held-out data.

    Args:
        config: the run's configuration.
        corpus: the run's data.
        extractor: the extractor of the training data, used also for held-out data of the same data directory.
        distributed: the processes that share the data.
    """
    data = corpus.valid
    if data is None:
        return None
    if data.data_dir is not corpus.train.data_dir:
        stats = collect_speaker_stats(config.features, data.data_dir)
        extractor = FeatureExtractor(config.features, data.data_dir, stats)
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
