"""The counters that a job has collected."""

from typing import Any

from vidset.beam.ingest import NAMESPACE


def job_counters(result: Any) -> dict[str, int]:
    """Return the counters of vidset by name; where nothing is committed, what was attempted."""
    counters = result.metrics().query()["counters"]
    return {
        each.key.metric.name: each.committed if each.committed is not None else each.attempted
        for each in counters
        if each.key.metric.namespace == NAMESPACE
    }
