"""How a flat start goes: the options of Kaldi's train_mono.sh and train_deltas.sh under their names."""

from __future__ import annotations

from dataclasses import dataclass, field

from blasr.align.gmm_alignment import AlignmentBeams, AlignmentScales
from blasr.align.gmm_training import UpdateOptions
from blasr.errors import ConfigError
from blasr.features.config import MfccConfig


@dataclass(frozen=True)
class GmmConfig:
    """What both stages of training share.

    Args:
        num_iters: number of the final model; pass n over the data, from 1, makes model n + 1, as in Kaldi's scripts.
        max_iter_inc: the last pass after which the number of Gaussians grows.
        totgauss: Gaussians to arrive at.
        realign_iters: passes that begin with a new alignment.
        power: a pdf gets Gaussians by its frames to this power.
        boost_silence: a factor on the likelihood of silence while aligning.
        beam: of the alignment.
        retry_beam: of a second attempt where that finds no path.
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
        if self.boost_silence <= 0 or not 0 < self.beam <= self.retry_beam:
            raise ConfigError("boost_silence must be above 0, and 0 < beam <= retry_beam")


@dataclass(frozen=True)
class MonophoneConfig(GmmConfig):
    """steps/train_mono.sh; ``initial_beam`` is the beam of pass 1, its retry is four times as wide.

    ``initial_min_gaussian_occupancy`` is that of the update after the uniform alignment: rare phones need it low.
    """

    num_iters: int = 40
    max_iter_inc: int = 30
    totgauss: int = 1000
    realign_iters: tuple[int, ...] = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 16, 18, 20, 23, 26, 29, 32, 35, 38)
    initial_beam: float = 6.0
    initial_min_gaussian_occupancy: float = 3.0


@dataclass(frozen=True)
class TriphoneConfig(GmmConfig):
    """steps/train_deltas.sh with its build-tree options.

    Args:
        num_leaves: the most leaves of the tree; leaves alike are merged afterwards.
        split_threshold: the least gain in log likelihood of a split (``build-tree --thresh``).
        cluster_threshold: see :func:`blasr.align.tree_building.build_tree`.
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
            raise ConfigError(f"central_position {self.central_position} lies outside {self.context_width} phones")


@dataclass(frozen=True)
class FlatStartConfig:
    """From transcripts and audio to a triphone GMM and its alignments.

    Args:
        features: of the GMMs; deltas of order 2 are added.
        transition_scale: on the transition probabilities that are no self-loops.
        self_loop_scale: on self-loops.
        acoustic_scale: on log-likelihoods while aligning.
        map_oov: align unknown words as the lang directory's OOV word instead of refusing them.
        max_loss: the greatest share of utterances that may fail to align.
        batch_frames: frames worked on at a time by one job; results do not depend on the number of jobs.
        jobs: threads; 0 for as many as there are processors.
        seed: of the uniform alignment's paths and the directions in which Gaussians split.
    """

    features: MfccConfig = field(default_factory=MfccConfig)
    monophone: MonophoneConfig = field(default_factory=MonophoneConfig)
    triphone: TriphoneConfig = field(default_factory=TriphoneConfig)
    transition_scale: float = 1.0
    self_loop_scale: float = 0.1
    acoustic_scale: float = 0.1
    map_oov: bool = False
    max_loss: float = 0.05
    batch_frames: int = 10_000
    jobs: int = 0
    seed: int = 0

    def __post_init__(self) -> None:
        if self.acoustic_scale <= 0 or self.batch_frames < 1 or self.jobs < 0 or not 0 <= self.max_loss <= 1:
            raise ConfigError("acoustic_scale and batch_frames must be above 0, jobs 0 or more, max_loss 0 to 1")

    @property
    def scales(self) -> AlignmentScales:
        """What graph and acoustic costs are multiplied by."""
        return AlignmentScales(self.transition_scale, self.self_loop_scale, self.acoustic_scale)


@dataclass(frozen=True)
class RealignConfig:
    """Alignment with a model that is there already: steps/align_si.sh and nnet/align.sh.

    Args:
        transition_scale: as in :class:`FlatStartConfig`, like the others of its names.
        beam: of the alignment.
        retry_beam: of a second attempt where that finds no path.
    """

    transition_scale: float = 1.0
    self_loop_scale: float = 0.1
    acoustic_scale: float = 0.1
    beam: float = 10.0
    retry_beam: float = 40.0
    map_oov: bool = False
    max_loss: float = 0.05
    jobs: int = 0

    def __post_init__(self) -> None:
        if self.acoustic_scale <= 0 or self.jobs < 0 or not 0 <= self.max_loss <= 1:
            raise ConfigError("acoustic_scale must be above 0, jobs 0 or more, max_loss 0 to 1")
        if not 0 < self.beam <= self.retry_beam:
            raise ConfigError(
                f"found beam {self.beam} and retry_beam {self.retry_beam}, expected 0 < beam <= retry_beam"
            )

    @property
    def scales(self) -> AlignmentScales:
        """What graph and acoustic costs are multiplied by."""
        return AlignmentScales(self.transition_scale, self.self_loop_scale, self.acoustic_scale)

    @property
    def beams(self) -> AlignmentBeams:
        """Both beams."""
        return AlignmentBeams(self.beam, self.retry_beam)
