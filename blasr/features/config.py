"""The configuration of features: Kaldi's fbank and mfcc options under Kaldi's names, and their normalization."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from blasr.errors import ConfigError

CmvnMode = Literal["speaker", "utterance", "online", "none"]


@dataclass(frozen=True)
class OnlineCmvnConfig:
    """Running statistics (Kaldi's ``OnlineCmvnOptions``, with its defaults).

    Args:
        cmn_window: the number of frames, up to the present one, that normalize it.
        speaker_frames: the largest number of frames of the speaker's earlier utterances that fill up the window.
        global_frames: the largest number of frames of the training data that fill up the rest.

    Raises:
        ConfigError: not 0 <= global_frames <= speaker_frames <= cmn_window, or the window is empty.
    """

    cmn_window: int = 600
    speaker_frames: int = 600
    global_frames: int = 200

    def __post_init__(self) -> None:
        if not (0 <= self.global_frames <= self.speaker_frames <= self.cmn_window and self.cmn_window > 0):
            raise ConfigError(
                f"found cmn_window {self.cmn_window}, speaker_frames {self.speaker_frames} and global_frames "
                f"{self.global_frames}, expected 0 <= global_frames <= speaker_frames <= cmn_window, and a window"
            )


@dataclass(frozen=True)
class FeatureConfig:
    """Log-mel features (Kaldi's ``feat/feature-window.h``, ``mel-computations.h``, ``feature-fbank.h``).

    Args:
        sample_rate: of the audio, in Hz.
        num_mel_bins: number of mel filters.
        frame_length_ms: length of a frame.
        frame_shift_ms: time from one frame to the next.
        low_freq: the lower edge of the lowest mel filter, in Hz.
        high_freq: the upper edge of the highest mel filter, in Hz; 0 or less counts from the Nyquist frequency.
        preemphasis: coefficient of the pre-emphasis.
        dither: standard deviation of the noise that is added, in 16-bit units; without it, features are reproducible.
        snip_edges: whether only frames that lie completely in the audio are computed. Otherwise there is one frame
            for each shift, and the audio is mirrored at its ends.
        cmvn: the statistics that normalize the mean of each coefficient: ``speaker`` and ``utterance`` need all
            frames; ``online`` needs those before a frame, and global statistics of the training data.
        norm_vars: whether the variance is normalized too.
        delta_window: Kaldi's ``--delta-window``: frames on each side from which a delta is computed.
        segment_context: whether the context of a segment is the audio around it in the recording. Without it, and at
            the ends of the recording, the edge frames are repeated.
        online_cmvn: the running statistics of ``cmvn: online``.

    Raises:
        ConfigError: a value is out of range; all wrong ones are named.
    """

    sample_rate: int = 8000
    num_mel_bins: int = 64
    frame_length_ms: float = 25.0
    frame_shift_ms: float = 10.0
    low_freq: float = 20.0
    high_freq: float = -100.0
    preemphasis: float = 0.97
    dither: float = 0.0
    snip_edges: bool = True
    cmvn: CmvnMode = "speaker"
    norm_vars: bool = False
    delta_window: int = 2
    segment_context: bool = False
    online_cmvn: OnlineCmvnConfig = field(default_factory=OnlineCmvnConfig)

    def __post_init__(self) -> None:
        nyquist = self.sample_rate / 2
        checks = {
            f"sample_rate: found {self.sample_rate}, expected at least 1000 Hz": self.sample_rate >= 1000,
            f"num_mel_bins: found {self.num_mel_bins}, expected at least 3": self.num_mel_bins >= 3,
            f"frame_shift_ms: found {self.frame_shift_ms}, expected a positive time": self.frame_shift_samples > 0,
            f"frame_length_ms: found {self.frame_length_ms}, expected a positive time": self.frame_length_samples > 1,
            f"low_freq and high_freq: found {self.low_freq} and {self.high_freq} Hz, expected 0 <= low < high <= "
            f"{nyquist:g}, half of the sample rate": 0 <= self.low_freq < self.top_freq <= nyquist,
            f"preemphasis: found {self.preemphasis}, expected 0 to 1": 0 <= self.preemphasis <= 1,
            f"dither: found {self.dither}, expected 0 or more": self.dither >= 0,
            f"delta_window: found {self.delta_window}, expected 1 or more": self.delta_window >= 1,
        }
        wrong = [message for message, holds in checks.items() if not holds]
        if wrong:
            raise ConfigError("; ".join(wrong))

    @property
    def frame_length_samples(self) -> int:
        """Samples of one frame, rounded down as in Kaldi."""
        return int(self.sample_rate * 0.001 * self.frame_length_ms)

    @property
    def frame_shift_samples(self) -> int:
        """Samples from one frame to the next, rounded down as in Kaldi."""
        return int(self.sample_rate * 0.001 * self.frame_shift_ms)

    @property
    def fft_samples(self) -> int:
        """Length of the Fourier transform: that of a frame, rounded up to a power of two."""
        return 1 << (self.frame_length_samples - 1).bit_length()

    @property
    def top_freq(self) -> float:
        """The upper edge of the highest mel filter, in Hz."""
        return self.high_freq if self.high_freq > 0 else self.sample_rate / 2 + self.high_freq


@dataclass(frozen=True)
class MfccConfig(FeatureConfig):
    """Mel cepstra with Kaldi's defaults (``feat/feature-mfcc.h``).

    Args:
        num_ceps: number of cepstral coefficients, C0 included.
        cepstral_lifter: coefficient of the cepstral lifter.
        use_energy: whether the log energy replaces C0.

    Raises:
        ConfigError: a value is out of range.
    """

    num_mel_bins: int = 23
    high_freq: float = 0.0
    num_ceps: int = 13
    cepstral_lifter: float = 22.0
    use_energy: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 1 <= self.num_ceps <= self.num_mel_bins:
            raise ConfigError(f"num_ceps: found {self.num_ceps}, expected 1 to num_mel_bins ({self.num_mel_bins})")


@dataclass(frozen=True)
class FeatureSection:
    """A configuration that has nothing but ``features``, under the name that a training's configuration uses.

    Args:
        features: the features.
    """

    features: FeatureConfig = field(default_factory=FeatureConfig)
