"""The counters in Prometheus' format."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

from blasr.serving.metrics import Metrics


def test_prometheus_reads_them() -> None:
    metrics, other = Metrics(), Metrics()
    metrics.sessions.set(3)
    metrics.closed.labels(code="1008").inc()
    metrics.answer_seconds.observe(0.3)
    samples = {
        (sample.name, tuple(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(metrics.text().decode())
        for sample in family.samples
    }
    assert samples["blasr_sessions", ()] == 3
    assert samples["blasr_sessions_closed_total", ("1008",)] == 1
    assert samples["blasr_answer_seconds_bucket", ("0.5",)] == 1 > samples["blasr_answer_seconds_bucket", ("0.25",)]
    assert b"blasr_sessions 0.0" in other.text(), "servers count for themselves"
