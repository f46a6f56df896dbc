"""The metrics that `vidset label serve` gives Prometheus, and when it is unwell."""

import time
from collections import Counter
from collections.abc import Iterable, Mapping
from threading import Lock

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from vidset.labeling.stores.store import Query, Store

# Reconciling a large project takes minutes, and a vendor may be down for a while.
_SPARE_SECONDS = 900
_FAILED_RUNS = 3


class ServeMetrics(Collector):
    """Counts of callbacks and of runs of reconcile; safe to call from several threads.

    Args:
        store: is asked at each look at the health.
        reconcile_seconds: how long there is between two runs; 0 for none at all.
    """

    def __init__(self, store: Store, reconcile_seconds: float):
        self._store, self._reconcile_seconds = store, reconcile_seconds
        self._answers: Counter[str] = Counter()
        self._refused: Counter[str] = Counter()
        self._runs: Counter[str] = Counter({"complete": 0, "incomplete": 0})
        self._failed_in_turn = 0
        self._last_run = time.monotonic()
        self._last_callback_at: float | None = None
        self._lock = Lock()

    def callback(self, status: int, counts: Mapping[str, int]) -> None:
        """Note a callback: what became of its answers, or the status that refused it."""
        with self._lock:
            self._last_callback_at = time.time()
            if status < 300:
                self._answers.update(counts)
            else:
                self._refused[str(status)] += 1

    def reconciled(self, status: int) -> None:
        """Note a run of reconcile."""
        with self._lock:
            is_complete = status < 300
            self._runs["complete" if is_complete else "incomplete"] += 1
            self._failed_in_turn = 0 if is_complete else self._failed_in_turn + 1
            self._last_run = time.monotonic()

    def collect(self) -> Iterable[Metric]:
        with self._lock:
            told = (
                ("answers", "Answers of vendors by what became of them.", "outcome", self._answers),
                ("refused_callbacks", "Refused callbacks by status.", "status", self._refused),
                ("reconcile_runs", "Runs of reconcile.", "outcome", self._runs),
            )
            for name, text, label, counts in told:
                metric = CounterMetricFamily(f"vidset_label_{name}", text, labels=[label])
                for value, number in sorted(counts.items()):
                    metric.add_metric([value], number)
                yield metric
            if self._last_callback_at is not None:
                yield GaugeMetricFamily(
                    "vidset_label_last_callback_timestamp_seconds",
                    "When the last callback came, as Unix time.",
                    value=self._last_callback_at,
                )

    def problem(self) -> str | None:
        """Say why the server should be looked at or started again; None while all is well."""
        try:
            next(self._store.find(Query("state", limit=1)), None)
        except Exception as error:  # Each store has errors of its own; this one is told.
            return f"the store cannot be read: {error}"
        if not self._reconcile_seconds:
            return None
        with self._lock:
            silent, failed = time.monotonic() - self._last_run, self._failed_in_turn
        if failed >= _FAILED_RUNS:
            return f"the last {failed} runs of reconcile could not be finished"
        if silent > 2 * self._reconcile_seconds + _SPARE_SECONDS:
            return f"no run of reconcile has ended for {silent:.0f} s"
        return None
