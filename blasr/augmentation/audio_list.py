"""Sources of other audio: a list of recordings, and the utterances of a data directory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
import torchaudio
from torch import Tensor

from blasr.data import DataDir, Utterance
from blasr.errors import UTTERANCE_ERRORS, DataError
from blasr.io import is_pipe
from blasr.io.audio import AudioInfo, AudioSelection, audio_info, read_segment
from blasr.io.kaldi import read_script

_MOST_ATTEMPTS = 20
"""How many utterances are tried until one of them can be read."""


class AudioSource(Protocol):
    """Audio of which a random recording, or a part of one, can be had."""

    def part(self, num_samples: int, which: np.random.Generator, where: np.random.Generator) -> Tensor:
        """Return ``num_samples`` samples of a random recording, which is repeated if it is too short.

        Args:
            num_samples: the length of the result.
            which: draws the recording.
            where: draws the beginning of the part.
        """


class AudioList:
    """The recordings of a ``wav.scp``, of any sample rate; of several channels, the first is read.

    Args:
        path: the list.
        sample_rate: the sample rate of the results.
        allow_pipes: whether commands in the list may run.

    Raises:
        DataError: the list is empty, or a file is missing.
        FormatError: the list is malformed.
    """

    def __init__(self, path: Path, sample_rate: int, *, allow_pipes: bool = False) -> None:
        self.path = path
        self._rate = sample_rate
        self._allow_pipes = allow_pipes
        if not path.is_file():
            raise DataError("no such file, expected a list of recordings as wav.scp", path=path)
        self._entries: list[str] = []
        for name, entry, line in read_script(str(path)):
            if is_pipe(entry) and not allow_pipes:
                raise DataError(f"{name} is a command", path=path, line=line, fix="allow it (data.allow_pipes=true)")
            if not is_pipe(entry) and ":" not in entry and not Path(entry).is_file():
                raise DataError(f"{name}: no such audio file: {entry}", path=path, line=line)
            self._entries.append(entry)
        if not self._entries:
            raise DataError("has no recordings", path=path)
        self._infos: dict[int, AudioInfo] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def whole(self, which: np.random.Generator) -> Tensor:
        """Return a random recording as a whole, ``(N,)`` in 16-bit range."""
        return self._read(int(which.integers(len(self._entries))), None, None)

    def part(self, num_samples: int, which: np.random.Generator, where: np.random.Generator) -> Tensor:
        """Return a random part of a random recording; see :class:`AudioSource`.

        Raises:
            DataError: the recording cannot be read.
        """
        number = int(which.integers(len(self._entries)))
        info = self._infos.get(number)
        if info is None:
            info = self._infos[number] = audio_info(self._entries[number], allow_pipes=self._allow_pipes)
        needed = num_samples / self._rate
        room = info.seconds - needed
        if room <= 0.1:
            return repeated(self._read(number, None, None), num_samples, where)
        start = float(where.uniform(0, room - 0.05))
        return repeated(self._read(number, start, min(start + needed + 0.05, info.seconds)), num_samples, None)

    def _read(self, number: int, start: float | None, end: float | None) -> Tensor:
        selection = AudioSelection(start, end, channel=0, mono_has_any_channel=True)
        samples, rate, _ = read_segment(self._entries[number], selection, allow_pipes=self._allow_pipes)
        resampled: Tensor = torchaudio.functional.resample(torch.from_numpy(samples), rate, self._rate)
        return resampled


class TrainingSpeech:
    """Utterances of a data directory as a source of other speech.

    An utterance that cannot be read is passed over: training drops and counts it when its own turn comes.

    Args:
        data_dir: the audio.
        utterances: some of its utterances.
        sample_rate: their sample rate.
    """

    def __init__(self, data_dir: DataDir, utterances: Sequence[Utterance], sample_rate: int) -> None:
        self._data_dir, self._utterances, self._rate = data_dir, utterances, sample_rate

    def part(self, num_samples: int, which: np.random.Generator, where: np.random.Generator) -> Tensor:
        """Return a random part of a random utterance; see :class:`AudioSource`.

        Raises:
            DataError: one utterance after another cannot be read.
        """
        for _ in range(_MOST_ATTEMPTS):
            utterance = self._utterances[int(which.integers(len(self._utterances)))]
            try:
                samples, _ = self._data_dir.read_audio(utterance, self._rate)
            except UTTERANCE_ERRORS:
                continue
            return repeated(torch.from_numpy(samples), num_samples, where)
        message = f"{_MOST_ATTEMPTS} utterances in a row cannot be read as background speech"
        raise DataError(message, path=self._data_dir.path, fix="check it with `blasr data check --audio`")


SpeechSource = Callable[[], AudioSource]
"""Returns the training speech; called only if a transform needs it."""


def repeated(samples: Tensor, num_samples: int, where: np.random.Generator | None) -> Tensor:
    """Return ``num_samples`` of a waveform ``(N,)`` that is repeated without end, from a random place or from 0."""
    start = 0 if where is None else int(where.integers(max(1, len(samples))))
    if where is not None and len(samples) > num_samples:
        start = int(where.integers(len(samples) - num_samples + 1))
    return samples[(start + torch.arange(num_samples)) % len(samples)]
