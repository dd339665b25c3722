"""The configuration of augmentation: one row for each transform. Light: imports neither torch nor numpy."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from blasr.config import check_minimum, check_share
from blasr.errors import ConfigError

CodecName = Literal["mu-law", "a-law", "g721", "gsm", "amr-nb", "amr-nb-4.75"]


@dataclass(frozen=True, kw_only=True)
class TransformConfig:
    """A row of ``augmentation.transforms``.

    Args:
        kind: the transform.
        probability: the probability that an utterance is changed by it.
    """

    kind: str
    probability: float = 1.0

    def __post_init__(self) -> None:
        check_share(self, "probability")


@dataclass(frozen=True, kw_only=True)
class SpeedConfig(TransformConfig):
    """Speech played faster or slower, which also changes pitch and formants. It alone changes the number of frames.

    N samples become ceil(N * rate / round(factor * rate)). The features of the result are computed as usual, and each
    of its frames gets the label of the original frame with the nearest center.

    Args:
        factors: the speeds to draw from; 1.1 is faster and higher.
    """

    kind: Literal["speed"] = "speed"
    factors: tuple[float, ...] = (0.9, 1.0, 1.1)

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_factors("factors", self.factors)


@dataclass(frozen=True, kw_only=True)
class VtlnConfig(TransformConfig):
    """Mel filters moved as for another vocal tract length (Kaldi's --vtln-warp).

    Args:
        warps: the factors to draw from; above 1, formants appear higher.
    """

    kind: Literal["vtln"] = "vtln"
    warps: tuple[float, ...] = (0.9, 1.0, 1.1)

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_factors("warps", self.warps)


@dataclass(frozen=True, kw_only=True)
class VolumeConfig(TransformConfig):
    """Another level. Normalization removes it unless ``features.cmvn`` is ``online`` or ``none``, or noise follows.

    Args:
        gain_db: the range of gains.
    """

    kind: Literal["volume"] = "volume"
    gain_db: tuple[float, ...] = (-6.0, 6.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_range("gain_db", self.gain_db, -60, 60)


@dataclass(frozen=True, kw_only=True)
class NoiseConfig(TransformConfig):
    """A recording of noise added to speech: a random part of it, repeated if it is too short.

    Args:
        list: a ``wav.scp`` of noises. They may have any sample rate; of several channels, the first is used.
        snr_db: the range of ratios of the mean power of the speech to that of the noise.
    """

    kind: Literal["noise"] = "noise"
    list: Path
    snr_db: tuple[float, ...] = (0.0, 20.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_range("snr_db", self.snr_db, -30, 100)


@dataclass(frozen=True, kw_only=True)
class BabbleConfig(TransformConfig):
    """Other people who talk at the same time: several recordings at equal levels, added to the speech.

    With ``talkers: [1, 1]``, two utterances are mixed.

    Args:
        list: a ``wav.scp`` of speech; by default utterances of the training data.
        talkers: the range of the number of other people.
        snr_db: the range of ratios of the mean power of the speech to that of all others together.
    """

    kind: Literal["babble"] = "babble"
    list: Path | None = None
    talkers: tuple[int, ...] = (3, 7)
    snr_db: tuple[float, ...] = (10.0, 25.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_range("talkers", self.talkers, 1, 100)
        _check_range("snr_db", self.snr_db, -30, 100)


@dataclass(frozen=True, kw_only=True)
class ReverberationConfig(TransformConfig):
    """Speech in a room: the convolution with an impulse response. The level stays the same.

    The direct path is at time zero, so that labels still fit: what precedes the largest sample of a given response is
    cut off, as with Kaldi's ``wav-reverberate --shift-output``. What sounds after the end of the speech is cut off too.

    Args:
        list: a ``wav.scp`` of impulse responses; by default they are simulated: noise that decays exponentially
            (Polack 1988) and starts 2 ms after the direct path.
        rt60_seconds: the range of reverberation times of simulated rooms: until 60 dB of decay.
        direct_to_reverberant_db: the range of energy ratios of the direct path to the rest, in simulated rooms.
    """

    kind: Literal["reverberation"] = "reverberation"
    list: Path | None = None
    rt60_seconds: tuple[float, ...] = (0.1, 0.6)
    direct_to_reverberant_db: tuple[float, ...] = (0.0, 12.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_range("rt60_seconds", self.rt60_seconds, 0.02, 10)
        _check_range("direct_to_reverberant_db", self.direct_to_reverberant_db, -20, 60)


@dataclass(frozen=True, kw_only=True)
class CodecConfig(TransformConfig):
    """Speech that was sent by telephone: encoded and decoded at 8 kHz.

    Args:
        codecs: what to draw from. ``mu-law`` and ``a-law`` (G.711), ``g721`` (ADPCM of 32 kbit/s) and ``gsm`` (GSM
            06.10) come from libsndfile; ``amr-nb`` (12.2 kbit/s) and ``amr-nb-4.75`` come from FFmpeg and need PyAV.
    """

    kind: Literal["codec"] = "codec"
    codecs: tuple[CodecName, ...] = ("mu-law", "gsm")

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.codecs:
            raise ConfigError("codecs is [], expected at least one")


@dataclass(frozen=True, kw_only=True)
class BandLimitConfig(TransformConfig):
    """Speech without low and high frequencies, as of an analog telephone line; the filter has no delay.

    Args:
        low_hz: the range of lower cutoffs.
        high_hz: the range of upper cutoffs; one above half the sample rate has no effect.
    """

    kind: Literal["band_limit"] = "band_limit"
    low_hz: tuple[float, ...] = (300.0, 300.0)
    high_hz: tuple[float, ...] = (3400.0, 3400.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_range("low_hz", self.low_hz, 0, 48000)
        _check_range("high_hz", self.high_hz, 0, 48000)
        if self.low_hz[1] >= self.high_hz[0]:
            raise ConfigError(f"low_hz {list(self.low_hz)} and high_hz {list(self.high_hz)} overlap")


@dataclass(frozen=True, kw_only=True)
class SpecAugmentConfig(TransformConfig):
    """Masks on the features and their deltas (Park et al. 2019). A masked value is 0, the mean.

    Args:
        frequency_masks: number of masks over mel bins.
        frequency_mask_bins: the largest width of such a mask, in bins.
        time_masks: number of masks over time.
        time_mask_frames: the largest length of such a mask, in frames.
    """

    kind: Literal["spec_augment"] = "spec_augment"
    frequency_masks: int = 2
    frequency_mask_bins: int = 8
    time_masks: int = 2
    time_mask_frames: int = 10

    def __post_init__(self) -> None:
        super().__post_init__()
        check_minimum(self, frequency_masks=0, frequency_mask_bins=0, time_masks=0, time_mask_frames=0)


TransformRow = (
    SpeedConfig
    | VtlnConfig
    | VolumeConfig
    | NoiseConfig
    | BabbleConfig
    | ReverberationConfig
    | CodecConfig
    | BandLimitConfig
    | SpecAugmentConfig
)
_ONCE: Final = {"speed": "speeds", "vtln": "vtln_warps"}
"""Kinds that may appear once, and the short form of each."""


@dataclass(frozen=True)
class AugmentationConfig:
    """How training utterances are perturbed in every epoch; by default not at all.

    Every utterance is perturbed differently in every epoch. The seed, epoch and utterance-id alone determine how.
    Speed comes first, then volume, the noises, rooms, codecs and band limits in the order of the list, the warp of the
    mel filters, and masks.

    Args:
        speeds: short for a row of the kind ``speed``: speed factors to draw from.
        vtln_warps: short for a row of the kind ``vtln``: vocal tract length warps to draw from.
        gain_db: short for a row of the kind ``volume``: gains from minus to plus this number of dB.
        frequency_masks: this and the next three are short for a row of the kind ``spec_augment``.
        frequency_mask_bins: the largest width of a mask over mel bins.
        time_masks: number of masks over time.
        time_mask_frames: the largest length of a mask over time.
        join_probability: the probability that an utterance is joined to the next one of its speaker. Each keeps its
            own labels and silence, and they share what is drawn; with ``cmvn: utterance`` or ``online``, each is also
            normalized alone.
        transforms: the rows, such as ``{kind: noise, list: noises/wav.scp, snr_db: [0, 20], probability: 0.5}``.

    Raises:
        ConfigError: a value is out of range, or there are two sets of speeds or of warps.
    """

    speeds: tuple[float, ...] = (1.0,)
    vtln_warps: tuple[float, ...] = (1.0,)
    gain_db: float = 0.0
    frequency_masks: int = 0
    frequency_mask_bins: int = 8
    time_masks: int = 0
    time_mask_frames: int = 10
    join_probability: float = 0.0
    transforms: tuple[TransformRow, ...] = ()

    def __post_init__(self) -> None:
        _check_factors("speeds", self.speeds)
        _check_factors("vtln_warps", self.vtln_warps)
        check_minimum(self, gain_db=0, frequency_masks=0, frequency_mask_bins=0, time_masks=0, time_mask_frames=0)
        check_share(self, "join_probability", below_one=True)
        for kind, short in _ONCE.items():
            count = sum(row.kind == kind for row in self.transforms)
            if count > 1:
                raise ConfigError(f"transforms has {count} rows of the kind {kind}, expected at most one")
            if count and getattr(self, short) != (1.0,):
                raise ConfigError(f"{short} is short for a row of the kind {kind}, and transforms has one; keep one")

    def rows(self) -> tuple[TransformRow, ...]:
        """Return all transforms, those of the short keys first."""
        kinds = {row.kind for row in self.transforms}
        rows: list[TransformRow] = []
        if "speed" not in kinds:
            rows.append(SpeedConfig(factors=self.speeds))
        if "vtln" not in kinds:
            rows.append(VtlnConfig(warps=self.vtln_warps))
        if self.gain_db:
            rows.append(VolumeConfig(gain_db=(-self.gain_db, self.gain_db)))
        if self.frequency_masks or self.time_masks:
            masks = self.frequency_masks, self.frequency_mask_bins, self.time_masks, self.time_mask_frames
            rows.append(_spec_augment(*masks))
        return (*rows, *self.transforms)

    def voices(self) -> list[tuple[float, float]]:
        """Return the speeds and warps that may be drawn together, with (1, 1) first."""
        speeds, warps = [1.0], [1.0]
        for row in self.rows():
            if isinstance(row, SpeedConfig):
                speeds += row.factors
            elif isinstance(row, VtlnConfig):
                warps += row.warps
        return list(dict.fromkeys((speed, warp) for speed in speeds for warp in warps))

    def lists(self) -> list[Path]:
        """Return the lists of audio that the transforms read."""
        return [row.list for row in self.transforms if getattr(row, "list", None) is not None]  # type: ignore[union-attr,misc]


def _spec_augment(frequency_masks: int, bins: int, time_masks: int, frames: int) -> SpecAugmentConfig:
    return SpecAugmentConfig(
        frequency_masks=frequency_masks, frequency_mask_bins=bins, time_masks=time_masks, time_mask_frames=frames
    )


def _check_factors(name: str, values: tuple[float, ...]) -> None:
    if not values or not all(0.5 <= value <= 2 for value in values):
        raise ConfigError(f"{name} is {list(values)}, expected values from 0.5 to 2")


def _check_range(name: str, values: tuple[float, ...], lowest: float, highest: float) -> None:
    if len(values) != 2 or not lowest <= values[0] <= values[1] <= highest:
        raise ConfigError(f"{name} is {list(values)}, expected [low, high] from {lowest:g} to {highest:g}")
