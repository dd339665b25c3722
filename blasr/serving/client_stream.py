"""One client's audio and the answers to it; called in worker threads, one message at a time."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any

import numpy as np

from blasr.decoding.lattice_decoder import LatticeDecoder
from blasr.errors import BlasrError
from blasr.inference.lattice_words import Alternative
from blasr.inference.live import LiveRecognizer, LiveUtterance
from blasr.inference.live_messages import final_message, partial_message
from blasr.serving.config import ServerConfig
from blasr.serving.protocol import ClientConfig, ProtocolError

_WAVE_HEADER_BYTES = 44


class ClientStream:
    """Recognizes one client's audio: one answer for each message.

    Args:
        recognizer: shared by all streams.
        config: what the client asked for.
        limits: how long a stream and its silence may be.
        decoder: with the graph of the client's phrases, if it gave any.

    Raises:
        ProtocolError: the sample rate cannot be converted.
    """

    def __init__(
        self,
        recognizer: LiveRecognizer,
        config: ClientConfig,
        limits: ServerConfig,
        decoder: LatticeDecoder | None = None,
    ) -> None:
        self._config, self._limits = config, limits
        self._rate = config.sample_rate or recognizer.bundle.config.features.sample_rate
        try:
            self._session = recognizer.open(
                sample_rate=config.sample_rate, decoder=decoder, max_alternatives=config.max_alternatives
            )
        except BlasrError as error:
            raise ProtocolError(f"sample_rate: {error.message}") from None
        self._rest = b""  # half a sample
        self._first = True
        self._last_word_seconds = 0.0
        self.utterances = 0
        """Utterances with words so far."""

    @property
    def seconds(self) -> float:
        """How much audio has come."""
        return self._session.seconds

    def audio(self, content: bytes) -> dict[str, Any]:
        """Return the answer to 16-bit little-endian PCM of any length: words so far, or the utterance that ended.

        Raises:
            ProtocolError: the stream, or its silence, is too long; or it begins with the header of other audio.
        """
        if self._first and content[:4] == b"RIFF" and content[8:12] == b"WAVE":
            _check_header(content, self._rate)
            content = content[_WAVE_HEADER_BYTES:]  # some clients send the header of a file as audio
        self._first = False
        content = self._rest + content
        whole = len(content) // 2 * 2
        self._rest = content[whole:]
        ended = self._session.accept(np.frombuffer(content[:whole], "<i2").astype(np.float32))
        if ended:
            answer = self._final(ended)
        else:
            partial = self._session.partial()
            if partial:
                self._last_word_seconds = self.seconds
            answer = partial_message(partial)
        self._check_limits()
        return answer

    def reset(self) -> dict[str, Any]:
        """End the utterance here, and return it; the next audio is a new one."""
        return self._final([self._session.reset()])

    def end(self) -> dict[str, Any]:
        """End the stream, and return its last utterance."""
        return self._final(self._session.finish())

    def _final(self, utterances: list[LiveUtterance]) -> dict[str, Any]:
        """Return one answer; utterances that ended in the same message are joined."""
        self.utterances += sum(bool(utterance.words) for utterance in utterances)
        if any(utterance.words for utterance in utterances):
            self._last_word_seconds = self.seconds
        spoken = [utterance for utterance in utterances if utterance.words] or utterances[-1:]
        words = tuple(word for part in spoken for word in part.words)
        alternatives = _joined(spoken, self._config.max_alternatives) if self._config.max_alternatives else ()
        joined = LiveUtterance(spoken[0].start_seconds, spoken[-1].end_seconds, words, alternatives)
        return final_message(joined, words=self._config.words)

    def _check_limits(self) -> None:
        if self.seconds > self._limits.max_session_seconds:
            raise ProtocolError(f"the stream is longer than {self._limits.max_session_seconds:g} s")
        if self.seconds - self._last_word_seconds > self._limits.max_silence_seconds:
            raise ProtocolError(f"there was no word for {self._limits.max_silence_seconds:g} s")


def _joined(utterances: Sequence[LiveUtterance], number: int) -> tuple[Alternative, ...]:
    """Return the ``number`` most probable sequences of all utterances, one after the other."""
    best = [Alternative((), 1.0)]
    for utterance in utterances:
        options = utterance.alternatives or (Alternative(utterance.words, 1.0),)
        both = [Alternative(a.words + b.words, a.probability * b.probability) for a in best for b in options]
        best = sorted(both, key=lambda joined: -joined.probability)[:number]
    return tuple(best)


def _check_header(content: bytes, rate: int) -> None:
    """Refuse a wave file of another rate or kind than the stream's; a header in pieces is not checked."""
    if len(content) < _WAVE_HEADER_BYTES or content[12:16] != b"fmt ":
        return
    _, channels, found, _, _, bits = struct.unpack("<HHIIHH", content[20:36])
    if (channels, found, bits) != (1, rate, 16):
        described = f"{found} Hz, {channels} channels, {bits} bits"
        raise ProtocolError(f"the audio is a wave file: {described}; expected {rate} Hz, 1 channel, 16 bits")
