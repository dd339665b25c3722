"""How a network is trained with a sequence criterion. Light: imports neither torch nor numpy."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from blasr.config import check_minimum, check_share
from blasr.errors import ConfigError


@dataclass(frozen=True)
class PhoneLmConfig:
    """The n-gram model of phones that the denominator graph is made of (Kaldi's ``chain-est-phone-lm``).

    It is not smoothed: only n-grams of the training alignments have a probability. A history with too little
    to say is shortened.

    Args:
        order: the longest n-gram.
        unpruned_order: all n-grams of this order are kept.
        extra_states: the largest number of longer histories to keep, those with the largest gain in likelihood.

    Raises:
        ConfigError: a value is out of range.
    """

    order: int = 4
    unpruned_order: int = 3
    extra_states: int = 2000

    def __post_init__(self) -> None:
        check_minimum(self, order=2, unpruned_order=2, extra_states=0)
        if self.unpruned_order > self.order:
            raise ConfigError(f"unpruned_order is {self.unpruned_order}, but the order is {self.order}")


@dataclass(frozen=True)
class SequenceConfig:
    """The sequence criteria ``lfmmi`` and ``smbr``.

    The scores of a frame are ``acoustic_scale * (log p(s|x) - prior_scale * log p(s))``.

    Args:
        acoustic_scale: the weight of the acoustic scores against the phone language model and the transitions.
        prior_scale: the weight of the log priors.
        boost: boosted MMI (Povey et al. 2008): this is added to the scores of wrong pdfs in the denominator; 0 for MMI.
        tolerance: a pdf is right at a frame if it is aligned within this many frames. With 0, most of the criterion
            teaches where states begin and end, not which ones there are.
        frame_weight: weight of the frame cross-entropy that is added to the criterion.
        leak: the probability of going to any state at any frame (Kaldi's ``leaky-hmm-coefficient``).
        whole_utterances: True if every chunk is one utterance, so that its first and last states are known. With
            False, chunks may begin and end anywhere.
        backend: where forward-backward runs: "torch" runs on the device of the network, "numba" on the CPU; "auto"
            takes numba unless the network is on a GPU.
        phone_lm: the phone language model.

    Raises:
        ConfigError: a value is out of range.
    """

    acoustic_scale: float = 0.3
    prior_scale: float = 1.0
    boost: float = 0.0
    tolerance: int = 0
    frame_weight: float = 0.1
    leak: float = 1e-5
    whole_utterances: bool = True
    backend: Literal["auto", "numba", "torch"] = "auto"
    phone_lm: PhoneLmConfig = field(default_factory=PhoneLmConfig)

    def __post_init__(self) -> None:
        check_minimum(self, prior_scale=0, boost=0, tolerance=0, frame_weight=0)
        check_share(self, "leak", below_one=True)
        if not self.acoustic_scale > 0:
            raise ConfigError(f"acoustic_scale is {self.acoustic_scale}, expected above 0")
