"""AN4's audio in the form that the recipe trains on: any of CMU's formats, at one sample rate."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import soundfile

from blasr.errors import DataError
from blasr.io.atomic import atomic_path
from blasr.io.audio import audio_info, read_audio
from recipes.common.waveforms import Samples, to_int16

CORPUS_RATE: Final = 16000
"""The rate of CMU's recordings; files without a header (.raw) are taken to have it."""


def usable_audio(source: Path, rate: int, folder: Path) -> Path:
    """Return ``source`` itself if it has a header and this rate; otherwise write a FLAC file into ``folder``.

    Raises:
        DataError: the file is damaged, has several channels, or has a lower rate than ``rate`` or one that differs from
            CMU's 16 kHz.
    """
    if source.suffix == ".raw":
        samples, found = read_raw(source), CORPUS_RATE
    else:
        info = audio_info(source)
        found = info.sample_rate
        if found not in (rate, CORPUS_RATE) or found < rate or info.num_channels != 1:
            message = f"found {info.num_channels} channel(s) at {found} Hz, expected one channel at {CORPUS_RATE} Hz"
            fix = "convert the whole corpus to one rate; --rate 8000 takes 16000 Hz or 8000 Hz"
            raise DataError(message, path=source, fix=fix)
        if found == rate:
            return source
        samples = to_int16(read_audio(source)[0])
    if found != rate:
        samples = resample(samples, found, rate)
    target = folder / f"{source.stem}.flac"
    with atomic_path(target) as temporary:
        soundfile.write(temporary, samples, rate, subtype="PCM_16", format="FLAC")
    return target


def resample(samples: Samples, rate: int, new_rate: int) -> Samples:
    """Return the samples at ``new_rate``, without what is above half of it."""
    import torch
    import torchaudio.functional

    waveform = torch.from_numpy(samples.astype(np.float32))
    return to_int16(torchaudio.functional.resample(waveform, rate, new_rate, lowpass_filter_width=32).numpy())


def read_raw(path: Path) -> Samples:
    """Return the 16-bit samples ``(N,)`` of a file without a header, in whichever byte order it has.

    CMU published AN4 in both orders. Speech changes slowly from sample to sample; in the wrong order it is noise.

    Raises:
        DataError: the file is empty or has an odd number of bytes.
    """
    content = path.read_bytes()
    if not content or len(content) % 2:
        message = f"found {len(content)} bytes, expected 16-bit samples"
        raise DataError(message, path=path, fix="copy the file again")
    orders = [np.frombuffer(content, dtype).astype(np.int16) for dtype in ("<i2", ">i2")]
    return min(orders, key=lambda samples: float(np.abs(np.diff(samples.astype(np.float64))).sum()))
