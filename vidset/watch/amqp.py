"""Messages of a RabbitMQ queue, acknowledged when they are taken in."""

import concurrent.futures
import time
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pika
from pika.adapters.blocking_connection import BlockingChannel, BlockingConnection
from pika.exceptions import AMQPError, ConnectionWrongStateError
from pika.spec import Basic, BasicProperties

from vidset.watch.amqp_address import AmqpAddress
from vidset.watch.amqp_queue import open_channel
from vidset.watch.lifetime import Lifetime
from vidset.watch.taking import Failure, Message, Taker, delay_seconds

_POLL_SECONDS = 1
_LONGEST_WAIT_SECONDS = 30.0


class AmqpSource:
    """A quorum queue; what fails `max_tries` times goes to `<queue>.dead`, as it came.

    Tries are deliveries by the broker's count: one that ended with the watcher's death is one.
    As many messages are taken at a time as there are workers.

    Raises:
        ValueError: the uri has parameters that the client does not take.
    """

    def __init__(self, address: AmqpAddress, max_tries: int):
        self._address, self._max_tries = address, max_tries
        try:
            self._parameters = pika.URLParameters(address.url.reveal())
        except (ValueError, SyntaxError, TypeError) as error:  # Some are Python literals.
            raise ValueError(f"SOURCE {address.shown}: {error}") from None

    def run(self, taker: Taker, life: Lifetime) -> bool:
        """Runs until `life` is over. Returns whether the broker could be reached at all.

        Raises:
            ValueError: at first, the broker refuses the user, the vhost, or the queue as it is
                wanted. Later on it may, while it starts again.
        """
        pool, running = ThreadPoolExecutor(taker.workers.number), set[Future[Failure | None]]()
        was_connected, wait = False, 1.0
        while not life.is_over(bool(running)):
            try:
                connection, channel = self._connect(is_first=not was_connected)
                if not was_connected:
                    life.busy()  # Idle time counts from here on: to connect may take a while.
                was_connected, wait = True, 1.0
                session = _Session(connection, channel, pool, running, taker, life)
                session.run(self._address, self._max_tries)
            except (AMQPError, OSError) as error:
                reason = str(error) or repr(error)  # Pika's say one or the other.
                taker.report.warn(f"{self._address.shown}: {reason}; again in {wait:g} s")
                life.wait(wait)
                wait = min(2 * wait, _LONGEST_WAIT_SECONDS)
        # Without a connection, what is at work can still be brought into the ledger.
        concurrent.futures.wait(running, life.grace_left)
        taker.workers.end()
        pool.shutdown(cancel_futures=True)
        return was_connected

    def _connect(self, *, is_first: bool) -> tuple[BlockingConnection, BlockingChannel]:
        try:
            return open_channel(self._address, self._parameters, self._max_tries)
        except ValueError as error:
            if is_first:
                raise
            raise ConnectionRefusedError(str(error)) from None


@dataclass(slots=True)
class _Delivery:
    """A message that is not settled. `give_back_at` is set when it has failed."""

    number: int
    future: Future[Failure | None]
    give_back_at: float | None = None


class _Session:
    """One connection. One thread talks to the broker, with heartbeats whatever the others do."""

    def __init__(
        self,
        connection: BlockingConnection,
        channel: BlockingChannel,
        pool: ThreadPoolExecutor,
        running: set[Future[Failure | None]],
        taker: Taker,
        life: Lifetime,
    ):
        self._connection, self._channel = connection, channel
        self._pool, self._running = pool, running
        self._taker, self._life = taker, life
        self._deliveries: dict[int, _Delivery] = {}
        self._was_cancelled = False

    def run(self, address: AmqpAddress, max_tries: int) -> None:
        """Runs until the life is over.

        Raises:
            AMQPError, OSError: the connection or the channel is lost. What is at work goes on; its
                messages come again and find it done.
        """
        self._channel.basic_qos(prefetch_count=self._taker.workers.number)
        self._channel.add_on_cancel_callback(self._on_cancel)
        consumer = self._channel.basic_consume(address.queue, self._on_message)
        self._taker.report.say(f"watching {address.shown}")
        while not self._life.is_over(bool(self._running or self._deliveries)):
            self._step(max_tries)
            self._life.beat()
        self._channel.basic_cancel(consumer)
        for delivery in self._deliveries.values():
            delivery.future.cancel()  # What no worker has begun.
        while self._deliveries and self._life.grace_left:
            self._step(max_tries)
        self._taker.workers.end()
        while self._deliveries:
            self._step(max_tries)
        self._connection.close()

    def _step(self, max_tries: int) -> None:
        """Let messages come and answers go; settle what has been done."""
        self._connection.process_data_events(_POLL_SECONDS)
        if not self._channel.is_open or self._was_cancelled:
            raise ConnectionResetError("the broker has ended the channel")
        for tag, delivery in list(self._deliveries.items()):
            if delivery.future.done() and self._settle(tag, delivery, max_tries):
                del self._deliveries[tag]
                self._life.busy()

    def _settle(self, tag: int, delivery: _Delivery, max_tries: int) -> bool:
        failure = None if delivery.future.cancelled() else delivery.future.result()
        report = self._taker.report
        if self._life.was_told and (failure or delivery.future.cancelled()):
            self._channel.basic_nack(tag)  # Of RabbitMQ 4.3 on, this does not count as a try.
            report.add(given_back=1)
            return True
        if failure is None:
            self._channel.basic_ack(tag)
            return True
        failed = f"{failure.uri}: try {delivery.number} of {max_tries} failed: {failure.reason}"
        if delivery.number >= max_tries:
            self._channel.basic_reject(tag, requeue=False)
            report.add(dead_lettered=1)
            report.warn(f"{failed}; to the dead-letter queue")
            return True
        now = time.monotonic()
        if delivery.give_back_at is None:
            wait = delay_seconds(delivery.number)
            delivery.give_back_at = now + wait
            report.warn(f"{failed}; again in {wait:g} s")
        if now < delivery.give_back_at:
            return False
        self._channel.basic_reject(tag)
        report.add(given_back=1)
        return True

    def _on_message(
        self, _: BlockingChannel, method: Basic.Deliver, properties: BasicProperties, body: bytes
    ) -> None:
        headers: Mapping[str, Any] = properties.headers or {}
        # The broker counts from the second delivery on; at the first, a publisher may say anything.
        count = headers.get("x-delivery-count") if method.redelivered else 0
        number = count + 1 if isinstance(count, int) else 1
        attributes = {key: value for key, value in headers.items() if isinstance(value, str)}
        future = self._pool.submit(self._taker.message, Message(body, attributes, number))
        self._running.add(future)
        self._deliveries[method.delivery_tag] = _Delivery(number, future)
        future.add_done_callback(self._on_done)

    def _on_done(self, future: Future[Failure | None]) -> None:
        """Wakes, in a worker's thread, the one that talks to the broker."""
        self._running.discard(future)
        with suppress(ConnectionWrongStateError):  # Lost: the message comes again.
            self._connection.add_callback_threadsafe(lambda: None)

    def _on_cancel(self, _: object) -> None:
        """The broker's doing: the queue was deleted, or moved."""
        self._was_cancelled = True
