"""The metrics that a watcher gives Prometheus, and when it is unwell."""

from collections.abc import Iterable

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from vidset.watch.lifetime import Lifetime
from vidset.watch.report import OUTCOMES, Report

# A source beats about once a second while it is connected.
_SILENT_SECONDS = 30
_COUNTERS = {
    "events": "Messages that came, each time.",
    "redelivered": "Messages that had come before.",
    "passed_over": "Objects that events named and that are not to be extracted.",
    "given_back": "Messages that were not done and will come again.",
    "dead_lettered": "Messages that were given up.",
    "samples": "Samples that were taken from videos.",
    "kept": "Samples that became images.",
}


class WatchMetrics(Collector):
    """The counts of a report, as they are when Prometheus asks.

    Args:
        stuck_seconds: the longest time that one video may take with all its tries.
    """

    def __init__(self, report: Report, life: Lifetime, stuck_seconds: float):
        self._report, self._life, self._stuck_seconds = report, life, stuck_seconds

    def collect(self) -> Iterable[Metric]:
        counts = self._report.counts()
        videos = CounterMetricFamily(
            "vidset_watch_videos", "Videos by what became of them.", labels=["outcome"]
        )
        for name in OUTCOMES:
            videos.add_metric([name], counts[name])
        yield videos
        for name, text in _COUNTERS.items():
            yield CounterMetricFamily(f"vidset_watch_{name}", text, value=counts[name])
        yield GaugeMetricFamily(
            "vidset_watch_in_flight", "Uploads at work now.", value=self._report.in_flight
        )
        yield GaugeMetricFamily(
            "vidset_watch_connected",
            "1 while the source of events is connected.",
            value=int(self._life.silent_seconds < _SILENT_SECONDS),
        )
        if (last := self._report.last_event_at) is not None:
            yield GaugeMetricFamily(
                "vidset_watch_last_event_timestamp_seconds",
                "When the last event came, as Unix time.",
                value=last,
            )

    def problem(self) -> str | None:
        """Say why the watcher should be looked at or started again; None while all is well."""
        if (silent := self._life.silent_seconds) >= _SILENT_SECONDS:
            since = "never yet" if silent == float("inf") else f"{silent:.0f} s ago"
            return f"the source of events is not connected; it last was {since}"
        busy = self._report.seconds_without_outcome
        if busy > self._stuck_seconds:
            return f"{self._report.in_flight} uploads at work, and none has ended for {busy:.0f} s"
        return None
