"""What the server counts, in Prometheus' format."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4


class Metrics:
    """The counters of one server."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.sessions = Gauge("blasr_sessions", "Streams that are open", registry=self._registry)
        self.closed = Counter(
            "blasr_sessions_closed", "Streams that have ended, by their close code", ["code"], registry=self._registry
        )
        self.refused = Counter(
            "blasr_requests_refused", "Requests that were refused, by reason", ["reason"], registry=self._registry
        )
        self.audio_seconds = Counter("blasr_audio_seconds", "Seconds of audio of streams", registry=self._registry)
        self.utterances = Counter("blasr_utterances", "Utterances with words in streams", registry=self._registry)
        self.answer_seconds = Histogram(
            "blasr_answer_seconds",
            "Time from a message of a stream to its answer, with the time it waited",
            buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0),
            registry=self._registry,
        )
        self.files = Counter(
            "blasr_files", "Files for POST /transcribe, by status", ["status"], registry=self._registry
        )

    def text(self) -> bytes:
        """Return the present values as Prometheus reads them."""
        return generate_latest(self._registry)
