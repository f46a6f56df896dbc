"""The engine of a Dask cluster: `vidset extract --dask tcp://SCHEDULER:8786`.

Dask brings tasks to nodes and their answers back. What a node had that is gone, another one gets.
On a node the work is that of `vidset.engines.elsewhere`.
"""

import asyncio
import os
import pickle  # nosec B403
import queue
import threading
import time
import uuid
from collections.abc import Mapping
from concurrent.futures import CancelledError
from contextlib import suppress
from functools import lru_cache
from typing import Any, cast

import dask
from distributed import Client, Future, Security, get_worker
from distributed.protocol.pickle import dumps, loads
from distributed.scheduler import KilledWorker

from vidset.engines.elsewhere import Answer, Run, end_run, node, problem, versions, work_on
from vidset.engines.engine import (
    EngineLostError,
    Limits,
    Open,
    Outcome,
    Report,
    TaskError,
    TaskLostError,
)

_CONNECT_SECONDS, _END_SECONDS = 15, 10
# A scheduler that has not answered for so long is gone; it is asked every few seconds.
_ASK_SECONDS, _SILENT_SECONDS = 5.0, 15.0
# How far tasks are is told once in so many seconds.
_TELL_SECONDS = 1.0
# Nodes may come when there is work for them, such as those of a queue system.
_NO_NODE_SECONDS = 900.0


class DaskEngine:
    """An `Engine` of a Dask cluster.

    Args:
        address: of the scheduler, such as tcp://HOST:8786, or a scheduler file; None is what Dask's
            own configuration names. Certificates of TLS are those of Dask's configuration, too.
        opens, limits, report: as of every engine.

    Raises:
        ValueError: no scheduler is named, or a node cannot do the work; it says which and why.
        ConnectionError: the scheduler does not answer.
    """

    def __init__(self, address: str | None, opens: Open, limits: Limits, report: Report):
        self._run = Run(uuid.uuid4().hex[:16], opens, limits, versions())
        self._packed_run = dumps(self._run)
        self._report, self._topic = report, f"vidset-{self._run.id}"
        self._outcomes: queue.SimpleQueue[tuple[Any, Future]] = queue.SimpleQueue()
        self._futures: set[Future] = set()
        self._number, self._threads, self.cpu_seconds, self._is_lost = 0, 0, 0.0, False
        self.address = address or dask.config.get("scheduler-address", None) or ""
        self._client = _connected(self.address)
        try:
            self._heard_at = self._asked_at = self._had_nodes_at = time.monotonic()
            self._asked: Any = None
            self._look(self._client.scheduler_info(n_workers=-1))
            self._client.subscribe_topic(self._topic, self._told)
            _check_nodes(self._client, self._run)
            self._heard_at = self._asked_at = self._had_nodes_at = time.monotonic()
        except BaseException:
            self.end()
            raise

    @property
    def capacity(self) -> int:
        return max(2, 2 * self._threads)  # While an outcome is looked at, no node waits.

    def submit(self, task: Any) -> None:
        self._number += 1
        key = f"{self._topic}-{self._number}"
        given = self._packed_run, self._topic, task
        future = self._client.submit(_work, *given, key=key, pure=False)
        self._futures.add(future)
        future.add_done_callback(lambda done: self._outcomes.put((task, done)))

    def next(self, timeout_seconds: float) -> Outcome | None:
        self._ask()
        try:
            task, future = self._outcomes.get(timeout=timeout_seconds)
        except queue.Empty:
            return None
        self._futures.discard(future)
        return self._outcome(task, future)

    def end(self) -> None:
        """Stop everything at once, in child processes of the nodes as well."""
        if not self._is_lost:  # Then the nodes find out by themselves.
            ending = threading.Thread(target=self._end_nodes, daemon=True)
            ending.start()
            ending.join(_END_SECONDS)
        with suppress(OSError, TimeoutError, CancelledError):
            self._client.close(timeout=2)

    def _end_nodes(self) -> None:
        with suppress(OSError, TimeoutError, CancelledError):
            self._client.cancel(list(self._futures), force=True)
            self._client.run(end_run, self._run.id, on_error="ignore")

    def _outcome(self, task: Any, future: Future) -> Outcome:
        try:
            answer: Answer = future.result(timeout=_CONNECT_SECONDS)
        except KilledWorker:
            reason = "the workers of Dask that it ran on have died"
            return Outcome(task, error=TaskLostError(reason))
        except CancelledError:
            raise self._lost("has ended, or has forgotten its tasks") from None
        except TimeoutError:
            raise self._lost("does not answer") from None
        except Exception as error:  # What a node raised beside the work, such as an import.
            return Outcome(task, error=TaskError(f"{type(error).__name__}: {error}"))
        self.cpu_seconds += answer.cpu_seconds
        return Outcome(task, answer.result, answer.error)

    def _ask(self) -> None:
        """Ask the scheduler now and then for its nodes, without waiting for the answer.

        Raises:
            EngineLostError: it has not answered for long, or has no node for longer.
        """
        now = time.monotonic()
        if self._asked is not None and self._asked.done():
            with suppress(OSError, TimeoutError):
                self._look(self._asked.result())
                self._heard_at = now
            self._asked = None
        if self._asked is None and now - self._asked_at > _ASK_SECONDS:
            self._asked_at = now
            self._asked = asyncio.run_coroutine_threadsafe(
                _identity(self._client), cast(Any, self._client.loop).asyncio_loop
            )
        if self._asked_at - self._heard_at > _SILENT_SECONDS:
            raise self._lost("does not answer")
        if now - self._had_nodes_at > _NO_NODE_SECONDS:
            raise self._lost(f"has had no worker for {_NO_NODE_SECONDS / 60:.0f} minutes")

    def _look(self, identity: Mapping[str, Any]) -> None:
        self._threads = sum(each["nthreads"] for each in identity["workers"].values())
        if self._threads:
            self._had_nodes_at = time.monotonic()

    def _told(self, event: tuple[float, Any]) -> None:
        # Dask itself pickles tasks and results: whoever reaches the scheduler runs code.
        for what in pickle.loads(event[1]):  # noqa: S301  # nosec B301
            self._report(what)

    def _lost(self, what: str) -> EngineLostError:
        self._is_lost = True
        return EngineLostError(f"Dask's scheduler {self.address} {what}")


def _connected(address: str) -> Client:
    if not address:
        raise ValueError(
            "--engine dask: wanted the scheduler's address, by --dask tcp://HOST:8786, by `dask` "
            "in vidset.toml or by Dask's own configuration, got none"
        )
    is_file = "://" not in address and os.path.isfile(address)
    if not is_file and "://" not in address:
        raise ValueError(
            f"--dask: wanted tcp://HOST:8786, tls://HOST:8786 or a scheduler file, got {address!r}"
        )
    where: dict[str, Any] = {"scheduler_file": address} if is_file else {"address": address}
    if address.startswith("tls://") and not Security().get_connection_args("client").get(
        "ssl_context"
    ):
        raise ConnectionError(
            f"--dask {address}: the scheduler cannot be reached without a certificate for TLS, "
            "and Dask's own configuration (distributed.comm.tls) names none"
        )
    try:
        return Client(**where, timeout=_CONNECT_SECONDS, set_as_default=False, name="vidset")
    except (OSError, TimeoutError) as error:
        raise ConnectionError(
            f"--dask {address}: the scheduler cannot be reached: {error}"
        ) from None


def _check_nodes(client: Client, run: Run) -> None:
    """Let each node open the work, so that what one lacks is known before any is done.

    Raises:
        ValueError: a node cannot do it.
    """
    found: dict[str, Any] = cast(Any, client).run(_problem, run, on_error="return")
    # A worker that cannot be reached has gone meanwhile: it is not asked for anything.
    wrong = {
        address: answer
        for address, answer in found.items()
        if answer is not None and not isinstance(answer, OSError)
    }
    if not wrong:
        return
    address, answer = sorted(wrong.items())[0]
    name, reason = answer if isinstance(answer, tuple) else ("", f"cannot do the work: {answer!r}")
    more = f" ({len(wrong)} of {len(found)} workers cannot take part)" if len(found) > 1 else ""
    raise ValueError(f"the Dask worker {address} {f'on {name} ' * bool(name)}{reason}{more}")


async def _problem(run: Run) -> tuple[str, str] | None:
    """On a node: return its name and why it cannot do the work; None if it can."""
    found = await asyncio.to_thread(problem, run)
    return None if found is None else (node(), found)


@lru_cache(maxsize=16)
def _unpacked(run: bytes) -> Run:
    """On a node: unpack what all tasks of a run bring along. Most of packing a task was this."""
    return loads(run)


def _work(run: bytes, topic: str, task: Any) -> Answer:
    """On a node: do a task, in a thread of Dask's worker."""
    worker = get_worker()
    key = worker.get_current_task()
    told: list[Any] = []
    told_at = 0.0

    def report(what: Any) -> None:
        nonlocal told, told_at
        told.append(what)
        if time.monotonic() - told_at > _TELL_SECONDS:
            worker.log_event(topic, pickle.dumps(told))
            told, told_at = [], time.monotonic()

    def is_wanted() -> bool:
        state = worker.state.tasks.get(key)
        return state is not None and state.state == "executing"

    answer = work_on(_unpacked(run), task, report, is_wanted)
    if told:
        worker.log_event(topic, pickle.dumps(told))
    return answer


async def _identity(client: Client) -> Any:
    assert client.scheduler is not None  # noqa: S101 (it is connected)
    return await asyncio.wait_for(client.scheduler.identity(n_workers=-1), _ASK_SECONDS)
