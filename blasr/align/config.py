"""Configuration of flat starts and realignments, with the option names of Kaldi's train_mono.sh and train_deltas.sh.

Importing it loads no numerical library.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from blasr.errors import ConfigError
from blasr.features.config import MfccConfig


@dataclass(frozen=True)
class AlignmentScales:
    """Factors of graph and acoustic costs (``scale_opts`` of Kaldi's scripts).

    Args:
        transition_scale: factor of the costs of transitions other than self-loops.
        self_loop_scale: factor of the costs of self-loops.
        acoustic_scale: factor of log-likelihoods.
    """

    transition_scale: float = 1.0
    self_loop_scale: float = 0.1
    acoustic_scale: float = 0.1


@dataclass(frozen=True)
class AlignmentBeams:
    """The beams of an alignment.

    Args:
        beam: the beam of the first attempt.
        retry_beam: the beam of a second attempt if the first finds no path.
    """

    beam: float = 10.0
    retry_beam: float = 40.0


@dataclass(frozen=True)
class UpdateOptions:
    """Options of one update of GMMs (``MleDiagGmmOptions`` of gmm/mle-diag-gmm.h).

    Args:
        min_gaussian_occupancy: a Gaussian with fewer frames is removed, unless it is the last of its pdf.
        min_gaussian_weight: a Gaussian with a smaller weight is removed, unless it is the last of its pdf.
        min_variance: the floor of every variance.
    """

    min_gaussian_occupancy: float = 10.0
    min_gaussian_weight: float = 1e-5
    min_variance: float = 0.001


@dataclass(frozen=True)
class TreeOptions:
    """Options of tree building (``build-tree``).

    Args:
        max_leaves: the largest number of leaves while the tree grows; 0 for no limit.
        split_threshold: the smallest gain in log-likelihood of a split (``--thresh``).
        cluster_threshold: leaves of one root are merged if that costs at most this log-likelihood; negative for the
            gain of the smallest split, 0 for no merging.
        round_leaves: whether to continue merging until the number of leaves is a multiple of 8.
    """

    max_leaves: int
    split_threshold: float = 300.0
    cluster_threshold: float = -1.0
    round_leaves: bool = True


@dataclass(frozen=True)
class GmmConfig:
    """Training of one set of GMMs, of monophones or triphones.

    Args:
        num_iters: the number of the final model. As in Kaldi's scripts, pass n over the data (from 1) makes model
            n + 1.
        max_iter_inc: the last pass after which the number of Gaussians grows.
        totgauss: the number of Gaussians to reach.
        realign_iters: passes that begin with a new alignment.
        power: the Gaussians are shared among pdfs in proportion to their frames to this power.
        boost_silence: factor of the likelihood of silence during alignment.
        beam: the beam of alignments.
        retry_beam: the beam of a second attempt if the first finds no path.
        update: options of every update.
    """

    num_iters: int
    max_iter_inc: int
    totgauss: int
    realign_iters: tuple[int, ...]
    power: float = 0.25
    boost_silence: float = 1.0
    beam: float = 10.0
    retry_beam: float = 40.0
    update: UpdateOptions = field(default_factory=UpdateOptions)

    def __post_init__(self) -> None:
        if self.num_iters < 1 or self.max_iter_inc < 1 or self.totgauss < 1:
            raise ConfigError("num_iters, max_iter_inc and totgauss must be at least 1")
        if self.boost_silence <= 0:
            raise ConfigError(f"boost_silence: found {self.boost_silence}, expected a number above 0")
        _check_beams(self.beam, self.retry_beam)

    @property
    def beams(self) -> AlignmentBeams:
        """Both beams."""
        return AlignmentBeams(self.beam, self.retry_beam)


@dataclass(frozen=True)
class MonophoneConfig(GmmConfig):
    """Training of monophones (steps/train_mono.sh).

    Args:
        initial_beam: the beam of pass 1; its retry beam is four times as wide.
        initial_min_gaussian_occupancy: ``update.min_gaussian_occupancy`` of the update after the uniform alignment. It
            is low because of rare phones.
    """

    num_iters: int = 40
    max_iter_inc: int = 30
    totgauss: int = 1000
    realign_iters: tuple[int, ...] = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 16, 18, 20, 23, 26, 29, 32, 35, 38)
    initial_beam: float = 6.0
    initial_min_gaussian_occupancy: float = 3.0


@dataclass(frozen=True)
class TriphoneConfig(GmmConfig):
    """Training of triphones, including the tree (steps/train_deltas.sh).

    Args:
        num_leaves: the largest number of leaves of the tree, before similar leaves are merged.
        split_threshold: see :class:`TreeOptions`.
        cluster_threshold: see :class:`TreeOptions`.
        context_width: phones in the window that the tree depends on.
        central_position: position of the central phone in it, from 0.
    """

    num_iters: int = 35
    max_iter_inc: int = 25
    totgauss: int = 10000
    realign_iters: tuple[int, ...] = (10, 20, 30)
    num_leaves: int = 2000
    split_threshold: float = 300.0
    cluster_threshold: float = -1.0
    context_width: int = 3
    central_position: int = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.num_leaves < 1:
            raise ConfigError(f"num_leaves: found {self.num_leaves}, expected at least 1")
        if not 0 <= self.central_position < self.context_width:
            raise ConfigError(f"central_position {self.central_position} is outside the {self.context_width} phones")

    @property
    def tree(self) -> TreeOptions:
        """The options of the tree."""
        return TreeOptions(self.num_leaves, self.split_threshold, self.cluster_threshold)


@dataclass(frozen=True)
class AlignmentConfig:
    """What flat starts and realignments have in common.

    Args:
        transition_scale: factor of the costs of transitions other than self-loops.
        self_loop_scale: factor of the costs of self-loops.
        acoustic_scale: factor of log-likelihoods during alignment.
        map_oov: align unknown words as the OOV word of the lang directory, instead of refusing them.
        max_loss: the largest share of utterances that may fail to align.
        nj: number of workers; 0 for all cores. Results do not depend on it.
    """

    transition_scale: float = 1.0
    self_loop_scale: float = 0.1
    acoustic_scale: float = 0.1
    map_oov: bool = False
    max_loss: float = 0.05
    nj: int = 1

    def __post_init__(self) -> None:
        if self.acoustic_scale <= 0 or self.nj < 0 or not 0 <= self.max_loss <= 1:
            raise ConfigError("acoustic_scale must be above 0, nj at least 0, and max_loss between 0 and 1")

    @property
    def scales(self) -> AlignmentScales:
        """The factors of graph and acoustic costs."""
        return AlignmentScales(self.transition_scale, self.self_loop_scale, self.acoustic_scale)

    @property
    def num_workers(self) -> int:
        """``nj``, or the number of cores if that is 0."""
        return self.nj or os.cpu_count() or 1


@dataclass(frozen=True)
class FlatStartConfig(AlignmentConfig):
    """From transcripts and audio to a triphone GMM and its alignments.

    Args:
        features: features of the GMMs, before deltas of order 2 are added.
        monophone: training of monophones.
        triphone: training of triphones.
        batch_frames: frames that a worker processes at a time.
        seed: seed of the paths of the uniform alignment and of the directions in which Gaussians split.
    """

    features: MfccConfig = field(default_factory=MfccConfig)
    monophone: MonophoneConfig = field(default_factory=MonophoneConfig)
    triphone: TriphoneConfig = field(default_factory=TriphoneConfig)
    batch_frames: int = 10_000
    seed: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.features.cmvn == "online":
            raise ConfigError(
                "features.cmvn: found online, which GMMs do not have; expected speaker, utterance or none"
            )
        if self.batch_frames < 1:
            raise ConfigError(f"batch_frames: found {self.batch_frames}, expected at least 1")


@dataclass(frozen=True)
class RealignConfig(AlignmentConfig):
    """Alignment with an existing model (steps/align_si.sh and steps/nnet/align.sh).

    Args:
        beam: the beam of the alignment.
        retry_beam: the beam of a second attempt if the first finds no path.
    """

    beam: float = 10.0
    retry_beam: float = 40.0

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_beams(self.beam, self.retry_beam)

    @property
    def beams(self) -> AlignmentBeams:
        """Both beams."""
        return AlignmentBeams(self.beam, self.retry_beam)


def _check_beams(beam: float, retry_beam: float) -> None:
    if not 0 < beam <= retry_beam:
        raise ConfigError(f"found beam {beam} and retry_beam {retry_beam}, expected 0 < beam <= retry_beam")
