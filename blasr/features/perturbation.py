"""How the audio of an utterance is changed for training: speed, warped filters and gain, as one value."""

from __future__ import annotations

from dataclasses import dataclass, replace

from blasr.errors import ConfigError

MIN_SPEED, MAX_SPEED = 0.5, 2.0


def check_speed(speed: float) -> None:
    """Refuse a speed out of range, which is probably a mistake.

    Raises:
        ConfigError: below 0.5 or above 2.
    """
    if not MIN_SPEED <= speed <= MAX_SPEED:
        raise ConfigError(f"found a speed of {speed}, expected {MIN_SPEED:g} to {MAX_SPEED:g}")


@dataclass(frozen=True)
class Perturbation:
    """A change of an utterance's audio before its features are computed.

    ``speed`` and ``vtln_warp`` are rounded to hundredths, so that filterbanks and statistics can be cached.

    Attributes:
        speed: plays the audio this many times as fast; this also changes pitch, formants and the number of frames.
        vtln_warp: Kaldi's --vtln-warp. Above 1 the filters move down, so formants appear higher.
        gain_db: amplifies the audio.

    Raises:
        ConfigError: a speed below 0.5 or above 2.
    """

    speed: float = 1.0
    vtln_warp: float = 1.0
    gain_db: float = 0.0

    def __post_init__(self) -> None:
        check_speed(self.speed)
        object.__setattr__(self, "speed", round(self.speed, 2))
        object.__setattr__(self, "vtln_warp", round(self.vtln_warp, 2))

    @property
    def voice(self) -> Perturbation:
        """The perturbation without its gain, which needs no statistics of its own."""
        return replace(self, gain_db=0.0)


UNCHANGED = Perturbation()
"""No change of the audio."""
