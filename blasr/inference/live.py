"""Recognition while someone speaks: partial results, endpoints, and final results with times and confidences."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
import torch

from blasr.decoding.endpoint import KALDI_RULES, EndpointRule, SearchEnd, is_endpoint
from blasr.decoding.lattice_decoder import LatticeDecoder
from blasr.decoding.streaming import StreamingDecoder
from blasr.errors import ConfigError, DataError
from blasr.features.config import OnlineCmvnConfig
from blasr.features.fbank import TooShortError
from blasr.features.online_cmvn import OnlineCmvn
from blasr.features.streaming import FixedCmvn, FrameNormalizer
from blasr.inference.bundle import Bundle
from blasr.inference.config import ScoringConfig
from blasr.inference.lattice_words import Alternative, LatticeWords
from blasr.inference.onnx_network import OnnxNetwork
from blasr.inference.resampling import StreamingResampler
from blasr.inference.streaming_scorer import StreamingScorer
from blasr.inference.transcript import TranscribedWord
from blasr.io.fst import Fst
from blasr.jit import COMPILING, before_compilation
from blasr.lattices.determinization import warm_up
from blasr.lattices.lattice import BestPath
from blasr.models import AcousticModel
from blasr.training import choose_device
from blasr.units import FloatArray

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class LiveConfig:
    """How streams are recognized.

    Attributes:
        confidences: compute how probable each word of a final result is.
        endpoints: the rules that end an utterance; without any, only the end of the stream does.
        check_seconds: how often the rules are checked.
        device: where the network runs: auto, cpu, cuda or cuda:N.
    """

    confidences: bool = True
    endpoints: tuple[EndpointRule, ...] = KALDI_RULES
    check_seconds: float = 0.25
    device: str = "cpu"

    def __post_init__(self) -> None:
        if not self.check_seconds > 0:
            raise ConfigError(f"check_seconds is {self.check_seconds}, expected more than 0")


@dataclass(frozen=True, slots=True)
class LiveUtterance:
    """The final result of an utterance: its words and its limits, in seconds from the beginning of the stream.

    There are ``alternatives``, the words themselves first, only in a session that was opened for some.
    """

    start_seconds: float
    end_seconds: float
    words: tuple[TranscribedWord, ...]
    alternatives: tuple[Alternative, ...] = ()

    @property
    def text(self) -> str:
        """The words; empty for silence."""
        return " ".join(word.text for word in self.words)


class LiveRecognizer:
    """Recognizes streams with a bundle. Any number of sessions share its network and its graph.

    A network that was trained with statistics of utterances or speakers is given running ones, as is usual with Kaldi.

    Raises:
        DataError: the bundle has no global statistics of its training data to begin the running ones with, or is that
            of a cascade.
    """

    def __init__(self, bundle: Bundle, config: LiveConfig | None = None) -> None:
        self.bundle, self.config = bundle, config or LiveConfig()
        if bundle.config.cascade is not None:
            raise DataError(
                "is a cascade of two networks, which needs whole chunks",
                path=bundle.path,
                fix="make a bundle of one of its networks for live speech (blasr bundle)",
            )
        if not isinstance(bundle.model, AcousticModel | OnnxNetwork):
            raise AssertionError(
                f"a bundle has a network of torch or ONNX Runtime, not a {type(bundle.model).__name__}"
            )
        self._network = bundle.model.to(choose_device(self.config.device))
        if bundle.config.features.cmvn != "none" and bundle.global_stats is None:
            raise DataError(
                "has no global statistics of its training data, which running statistics begin with",
                path=bundle.path,
                fix="make it again with --global-cmvn FILE (`blasr data cmvn` writes global_cmvn.stats)",
            )
        self._decoder = self.decoder_of(bundle.graph)
        self.words = LatticeWords(bundle, confidences=self.config.confidences)
        self.silence = np.array(sorted(bundle.lexicon.phones_between_words), np.int32)

    def decoder_of(self, graph: Fst) -> LatticeDecoder:
        """Return a decoder with another graph over the same tree."""
        return LatticeDecoder(graph, self.bundle.transition_model.tid_to_pdf, self.bundle.config.decoder)

    def compile(self) -> float:
        """Compile the search, unless it is cached on this machine; return how many seconds that took."""
        started = time.monotonic()
        with before_compilation(partial(logger.info, COMPILING)):
            session = self.open()
            session.accept(np.zeros(self.bundle.config.features.sample_rate, np.float32))
            session.finish()
            warm_up(self._decoder.decode(np.zeros((1, self._decoder.num_pdfs), np.float32)))
        return time.monotonic() - started

    def open(
        self, *, sample_rate: int | None = None, decoder: LatticeDecoder | None = None, max_alternatives: int = 0
    ) -> LiveSession:
        """Return a session for one stream.

        Args:
            sample_rate: of the audio, in Hz; by default the network's.
            decoder: from :meth:`decoder_of`; by default that of the bundle's graph.
            max_alternatives: how many word sequences each final result has.

        Raises:
            DataError: the sample rate cannot be converted.
        """
        rate = self.bundle.config.features.sample_rate
        resampler = StreamingResampler(sample_rate or rate, rate)
        return LiveSession(self, decoder or self._decoder, resampler, max_alternatives)

    def scorer(self, normalizer: FrameNormalizer) -> StreamingScorer:
        """Return a scorer of one stretch of audio."""
        settings = self.bundle.config
        scoring = ScoringConfig(settings.prior_scale, self.config.device)
        return StreamingScorer(self._network, settings.features, self.bundle.priors, normalizer, scoring)

    def normalizer(self) -> FrameNormalizer:
        """Return the normalizer of a stream."""
        features, stats = self.bundle.config.features, self.bundle.global_stats
        if features.cmvn == "none" or stats is None:
            return FixedCmvn(None)
        options = features.online_cmvn if features.cmvn == "online" else OnlineCmvnConfig()
        return OnlineCmvn(options, stats, norm_vars=features.norm_vars, skip_digital_silence=True)


@dataclass
class LiveSession:
    """One stream of audio, from :meth:`LiveRecognizer.open`.

    Results do not depend on how the audio is cut into pieces: the rules of endpoints are checked at fixed frames. Two
    threads must not use a session at the same time.
    """

    _recognizer: LiveRecognizer
    _decoder: LatticeDecoder
    _resampler: StreamingResampler
    _max_alternatives: int = 0
    _start_seconds: float = 0.0  # where the scorer began
    _num_samples: int = 0  # at the network's rate, since then
    _first_frame: int = 0  # of the utterance, counted from where the scorer began
    _partial: BestPath | None = None
    _searched: int = -1  # the frame that the partial result is of
    _normalizer: FrameNormalizer = field(init=False)
    _scorer: StreamingScorer = field(init=False)
    _search: StreamingDecoder = field(init=False)

    def __post_init__(self) -> None:
        self._normalizer = self._recognizer.normalizer()
        self._scorer = self._recognizer.scorer(self._normalizer)
        self._search = StreamingDecoder(self._decoder)
        features = self._recognizer.bundle.config.features
        self._rate, self._shift = features.sample_rate, features.frame_shift_samples / features.sample_rate
        self._check_frames = max(1, round(self._recognizer.config.check_seconds / self._shift))

    @property
    def seconds(self) -> float:
        """How much audio has come."""
        return self._start_seconds + self._num_samples / self._rate

    def accept(self, samples: FloatArray) -> list[LiveUtterance]:
        """Recognize the next samples ``(N,)``, in 16-bit range; return the utterances that ended in them.

        Raises:
            DataError: the network's output is not finite.
        """
        resampled = self._resampler.accept(torch.from_numpy(samples)).numpy()
        return self._accept(resampled)

    def partial(self) -> str:
        """Return the words so far of the utterance that is going on; they may still change."""
        path = self._best_path()
        return "" if path is None else self._recognizer.words.text(path)

    def reset(self) -> LiveUtterance:
        """End the utterance here and return it; what comes next is a new one."""
        ended = self._end()
        self._start_seconds, self._num_samples, self._first_frame = self.seconds, 0, 0
        self._scorer = self._recognizer.scorer(self._normalizer)
        return ended

    def finish(self) -> list[LiveUtterance]:
        """End the stream and return its last utterances, mostly one."""
        ended = self._accept(self._resampler.finish().numpy())
        return [*ended, self._end()]

    def _accept(self, samples: FloatArray) -> list[LiveUtterance]:
        self._num_samples += len(samples)
        return list(self._search_rows(self._scorer.accept(samples)))

    def _end(self) -> LiveUtterance:
        """Search what the scorer still holds back, and end the utterance."""
        try:
            rows = self._scorer.finish()
        except TooShortError:
            rows = np.zeros((0, self._scorer.num_pdfs), np.float32)
        if len(rows):
            self._search.accept(rows)
        return self._end_utterance()

    def _search_rows(self, rows: FloatArray) -> Iterator[LiveUtterance]:
        """Search ``(n, num_pdfs)`` up to the next frame at which the rules are checked, and so on."""
        while len(rows):
            until_check = self._check_frames - self._search.num_frames % self._check_frames
            self._search.accept(rows[:until_check])
            rows = rows[until_check:]
            if self._search.num_frames % self._check_frames == 0 and self._is_endpoint():
                yield self._end_utterance()

    def _best_path(self) -> BestPath | None:
        """Return the best path so far, which is computed once for each frame."""
        if self._searched != self._search.num_frames:
            self._partial, self._searched = self._search.best_path(), self._search.num_frames
        return self._partial

    def _is_endpoint(self) -> bool:
        path = self._best_path()
        if path is None:
            return self._search.num_frames > 0  # a dead end of the graph
        phones = self._recognizer.bundle.transition_model.phones(path.transition_ids)
        sounding = np.flatnonzero(~np.isin(phones, self._recognizer.silence))
        silent = len(phones) - 1 - sounding[-1] if len(sounding) else len(phones)
        state = SearchEnd(
            trailing_silence=float(silent) * self._shift,
            relative_cost=self._search.final_relative_cost,
            utterance_length=self._search.num_frames * self._shift,
        )
        return is_endpoint(state, self._recognizer.config.endpoints)

    def _end_utterance(self) -> LiveUtterance:
        """Return the words of the utterance, and begin a new one at the next frame."""
        start = self._start_seconds + self._first_frame * self._shift
        end = start + self._search.num_frames * self._shift
        words: tuple[TranscribedWord, ...] = ()
        alternatives: tuple[Alternative, ...] = ()
        if self._search.num_frames:
            lattice = self._search.finish()
            reader = self._recognizer.words
            if lattice.num_states:
                words = reader.of_lattice(lattice, reader.best_path(lattice), first_frame=self._first_frame)
            if lattice.num_states and self._max_alternatives:
                alternatives = reader.alternatives(lattice, self._max_alternatives, first_frame=self._first_frame)
        self._first_frame += self._search.num_frames
        self._search = StreamingDecoder(self._decoder)
        self._partial, self._searched = None, -1
        alternatives = tuple(replace(other, words=self._later(other.words)) for other in alternatives)
        return LiveUtterance(start, end, self._later(words), alternatives)

    def _later(self, words: tuple[TranscribedWord, ...]) -> tuple[TranscribedWord, ...]:
        """Return words with times from the beginning of the stream, not from that of the scorer."""
        offset = self._start_seconds
        return tuple(replace(word, start_seconds=word.start_seconds + offset) for word in words) if offset else words
