"""Offline speech synthesis with eSpeak NG, through the shared library of the package ``espeakng-loader`` (GPLv3).

The library keeps global state between calls, so the samples repeat only in a fresh process that makes the same
calls in the same order. Therefore :func:`render` starts one process per voice. The constants come from
``speak_lib.h`` of eSpeak NG.
"""

from __future__ import annotations

import ctypes
import dataclasses
import importlib.util
import io
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from blasr.errors import DependencyError

_AUDIO_OUTPUT_SYNCHRONOUS = 2
_POSITION_CHARACTER = 1
_CHARS_UTF8 = 1
_RATE, _PITCH, _RANGE = 1, 3, 4  # espeak_PARAMETER
_SEED = 1


@dataclass(frozen=True)
class Line:
    """A text, its speaking rate, and its base pitch and pitch range from 0 to 100 (50 is the voice's default)."""

    text: str
    words_per_minute: int = 170
    pitch: int = 50
    pitch_range: int = 50


@dataclass(frozen=True)
class Speech:
    """16-bit samples ``(N,)`` and their sample rate in Hz."""

    samples: NDArray[np.int16]
    rate: int


def require_espeak() -> None:
    """Raise :class:`DependencyError` if the synthesizer is not installed."""
    if importlib.util.find_spec("espeakng_loader") is None:
        message = "the demo's speech synthesizer, espeakng-loader, is not installed"
        raise DependencyError(message, fix="run pip install 'blasr[demo]' (or make setup)")


def render(scripts: Mapping[str, Sequence[Line]], nj: int) -> Iterator[tuple[str, list[Speech]]]:
    """Yield each voice with its spoken lines, in the order of ``scripts``.

    Args:
        scripts: the lines of each voice; a voice is an eSpeak NG name such as ``en-us+f2``.
        nj: how many processes run at the same time; the output does not depend on it.

    Raises:
        DependencyError: the synthesizer is not installed, fails, or does not know a voice.
    """
    require_espeak()
    with ThreadPoolExecutor(nj) as pool:  # each thread waits for a process
        yield from zip(scripts, pool.map(_speak_in_fresh_process, scripts, scripts.values()), strict=True)


def speak(voice: str, lines: Sequence[Line]) -> list[Speech]:
    """Speak the lines in one voice. The samples repeat exactly only in the first call of a process.

    Raises:
        DependencyError: the synthesizer is not installed, or does not know the voice.
    """
    require_espeak()
    import espeakng_loader

    library = ctypes.CDLL(espeakng_loader.get_library_path())
    rate = library.espeak_Initialize(_AUDIO_OUTPUT_SYNCHRONOUS, 0, espeakng_loader.get_data_path().encode(), 0)
    if rate <= 0:
        message = f"eSpeak NG cannot read its voices in {espeakng_loader.get_data_path()}"
        raise DependencyError(message, fix="install espeakng-loader in a folder with a path under 150 characters")
    library.espeak_ng_SetRandSeed(ctypes.c_long(_SEED))  # otherwise the time seeds the breath noise of some voices
    chunks: list[NDArray[np.int16]] = []

    def collect(samples: Any, count: int, events: Any) -> int:
        if samples and count > 0:
            chunks.append(np.ctypeslib.as_array(samples, (count,)).copy())
        return 0

    callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_int16), ctypes.c_int, ctypes.c_void_p)(collect)
    library.espeak_SetSynthCallback(callback)
    if library.espeak_SetVoiceByName(voice.encode()) != 0:
        raise DependencyError(f"eSpeak NG has no voice {voice!r}", fix="install espeakng-loader 0.2.4 or newer")
    spoken = []
    for line in lines:
        for parameter, value in ((_RATE, line.words_per_minute), (_PITCH, line.pitch), (_RANGE, line.pitch_range)):
            library.espeak_SetParameter(parameter, value, 0)
        text = line.text.encode() + b"\0"
        chunks.clear()
        status = library.espeak_Synth(text, len(text), 0, _POSITION_CHARACTER, 0, _CHARS_UTF8, None, None)
        if status != 0 or not chunks:
            raise DependencyError(f"eSpeak NG produced no audio for {line.text!r} (status {status})")
        spoken.append(Speech(np.concatenate(chunks), rate))
    return spoken


def _speak_in_fresh_process(voice: str, lines: Sequence[Line]) -> list[Speech]:
    request = json.dumps([voice, [dataclasses.asdict(line) for line in lines]])
    command = [sys.executable, "-m", "recipes.demo.espeak"]
    result = subprocess.run(command, input=request.encode(), capture_output=True, cwd=Path(__file__).parents[2])
    if result.returncode != 0:
        message = result.stderr.decode(errors="replace").strip() or f"stopped by signal {-result.returncode}"
        raise DependencyError(f"eSpeak NG failed on the voice {voice!r}: {message}")
    with np.load(io.BytesIO(result.stdout), allow_pickle=False) as arrays:
        rate = int(arrays["rate"])
        return [Speech(arrays[str(number)], rate) for number in range(len(lines))]


def _serve() -> None:
    """Read a voice and its lines from stdin and write their samples to stdout. This is what the fresh process runs."""
    voice, lines = json.load(sys.stdin)
    try:
        spoken = speak(voice, [Line(**line) for line in lines])
    except DependencyError as error:
        sys.exit(str(error))
    samples = {str(number): speech.samples for number, speech in enumerate(spoken)}
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, rate=np.int64(spoken[0].rate), **samples)
    sys.stdout.buffer.write(buffer.getvalue())


if __name__ == "__main__":
    _serve()
