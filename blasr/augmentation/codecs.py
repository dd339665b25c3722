"""Telephone codecs and band limits. The decoded speech has no delay and the length of the original."""

from __future__ import annotations

import importlib.util
import io
from typing import Final

import numpy as np
import soundfile
import torch
from torch import Tensor
from torchaudio.functional import resample

from blasr.augmentation.changes import Draws, WaveformTransform, uniform
from blasr.augmentation.config import BandLimitConfig, CodecConfig
from blasr.augmentation.reverberation import convolve
from blasr.errors import ConfigError
from blasr.units import AnyArray

TELEPHONE_RATE: Final = 8000
"""The sample rate of all codecs, in Hz."""

_SNDFILE: Final = {
    "mu-law": ("WAV", "ULAW"),
    "a-law": ("WAV", "ALAW"),
    "g721": ("AU", "G721_32"),
    "gsm": ("WAV", "GSM610"),
}
"""Formats and subtypes of libsndfile."""
_AMR_BIT_RATES: Final = {"amr-nb": 12200, "amr-nb-4.75": 4750}
_AMR_DELAY_SAMPLES: Final = 40
"""How much later AMR's decoded speech is: the 5 ms that its encoder looks ahead (3GPP TS 26.090)."""
_FILTER_SECONDS: Final = 0.016
"""Half the length of the band filter; its transition is about 200 Hz wide."""


class Codec(WaveformTransform):
    """Encodes and decodes speech as a telephone network does.

    Args:
        config: which codecs.
        sample_rate: of the speech, in Hz; it is resampled to 8 kHz and back.

    Raises:
        ConfigError: a codec is not installed.
    """

    def __init__(self, config: CodecConfig, sample_rate: int) -> None:
        super().__init__(config.probability)
        for name in config.codecs:
            check_codec(name)
        self._codecs, self._rate = config.codecs, sample_rate

    def apply(self, waveform: Tensor, draws: Draws) -> Tensor:
        """Return the decoded waveform."""
        name = self._codecs[int(draws.setting.integers(len(self._codecs)))]
        narrow = resample(waveform, self._rate, TELEPHONE_RATE)
        decoded = torch.from_numpy(transcode(narrow.numpy(), name))
        return fit_length(resample(decoded, TELEPHONE_RATE, self._rate), len(waveform))


def check_codec(name: str) -> None:
    """Refuse a codec that this machine does not have.

    Raises:
        ConfigError: libsndfile or PyAV lacks it.
    """
    if name in _SNDFILE:
        if not soundfile.check_format(*_SNDFILE[name]):
            version = soundfile.__libsndfile_version__
            raise ConfigError(f"libsndfile {version} cannot encode {name}", fix="leave this codec out")
        return
    if importlib.util.find_spec("av") is None:
        raise ConfigError(f"the codec {name} needs PyAV, which is not installed", fix="pip install 'blasr[codecs]'")
    import av.codec

    if "libopencore_amrnb" not in av.codec.codecs_available:
        raise ConfigError(f"the FFmpeg of PyAV {av.__version__} cannot encode {name}", fix="leave this codec out")


def transcode(samples: AnyArray, name: str) -> AnyArray:
    """Return 8 kHz samples ``(N,)`` in 16-bit range, float32, encoded and decoded."""
    pcm = np.clip(np.rint(samples), -32768, 32767).astype(np.int16)
    if name not in _SNDFILE:
        return _transcode_amr(pcm, _AMR_BIT_RATES[name])
    container, subtype = _SNDFILE[name]
    stream = io.BytesIO()
    soundfile.write(stream, pcm, TELEPHONE_RATE, format=container, subtype=subtype)
    stream.seek(0)
    decoded, _ = soundfile.read(stream, dtype="int16")
    return np.asarray(decoded[: len(pcm)], dtype=np.float32)


def _transcode_amr(pcm: AnyArray, bit_rate: int) -> AnyArray:
    import av

    padded = np.concatenate([pcm, np.zeros(2 * 160, np.int16)])  # the last frames, and the delay
    stream = io.BytesIO()
    with av.open(stream, "w", format="amr") as container:
        encoder = container.add_stream("libopencore_amrnb", rate=TELEPHONE_RATE)
        encoder.bit_rate = bit_rate
        encoder.codec_context.layout, encoder.codec_context.format = "mono", "s16"
        frame = av.AudioFrame.from_ndarray(padded[None], format="s16", layout="mono")
        frame.sample_rate, frame.pts = TELEPHONE_RATE, 0
        container.mux(encoder.encode(frame))
        container.mux(encoder.encode(None))
    stream.seek(0)
    with av.open(stream, "r") as source:
        pieces = [frame.to_ndarray()[0] for frame in source.decode(audio=0)]
    decoded = np.concatenate(pieces)[_AMR_DELAY_SAMPLES:][: len(pcm)]
    return np.asarray(decoded * np.float32(32768), dtype=np.float32)


class BandLimit(WaveformTransform):
    """Removes low and high frequencies.

    Args:
        config: the cutoffs.
        sample_rate: of the speech, in Hz.
    """

    def __init__(self, config: BandLimitConfig, sample_rate: int) -> None:
        super().__init__(config.probability)
        self._config, self._rate = config, sample_rate

    def apply(self, waveform: Tensor, draws: Draws) -> Tensor:
        """Return the filtered waveform."""
        low = uniform(self._config.low_hz, draws.setting)
        high = uniform(self._config.high_hz, draws.setting)
        return limit_band(waveform, low, high, self._rate)


def limit_band(waveform: Tensor, low_hz: float, high_hz: float, sample_rate: int) -> Tensor:
    """Return a waveform ``(N,)`` without frequencies outside a band; no sound is moved in time.

    The filter is a windowed sinc, symmetric around time zero.
    """
    half = round(_FILTER_SECONDS * sample_rate)
    times = torch.arange(-half, half + 1, dtype=torch.float64) / sample_rate
    response = _low_pass(times, min(high_hz, sample_rate / 2), sample_rate) - _low_pass(times, low_hz, sample_rate)
    window = torch.hann_window(2 * half + 3, periodic=False, dtype=torch.float64)[1:-1]
    return convolve(waveform, (response * window).float())[half : half + len(waveform)]


def _low_pass(times: Tensor, cutoff_hz: float, sample_rate: int) -> Tensor:
    ideal: Tensor = torch.special.sinc(2 * cutoff_hz * times)
    return 2 * cutoff_hz / sample_rate * ideal


def fit_length(waveform: Tensor, num_samples: int) -> Tensor:
    """Return a waveform ``(N,)`` cut or padded with zeros at its end to ``num_samples``."""
    missing = max(0, num_samples - len(waveform))
    return torch.nn.functional.pad(waveform, (0, missing))[:num_samples]
