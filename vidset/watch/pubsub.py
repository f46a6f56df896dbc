"""Messages of a Pub/Sub subscription, acknowledged when they are taken in."""

import concurrent.futures
import threading
from concurrent.futures import ThreadPoolExecutor

from google.api_core.exceptions import (
    Forbidden,
    InvalidArgument,
    NotFound,
    RetryError,
    ServerError,
    Unauthenticated,
)
from google.auth.exceptions import DefaultCredentialsError
from google.cloud import pubsub_v1
from google.cloud.pubsub_v1.subscriber.message import Message as Received
from google.cloud.pubsub_v1.subscriber.scheduler import ThreadScheduler
from google.cloud.pubsub_v1.types import FlowControl

from vidset.watch.lifetime import Lifetime
from vidset.watch.report import Report
from vidset.watch.taking import Message, Taker, delay_seconds

_POLL_SECONDS = 0.5
# The client extends a message's lease for so long: a video takes less.
_LONGEST_LEASE_SECONDS = 24 * 3600
_REFUSED = (Forbidden, InvalidArgument, NotFound, Unauthenticated)
_ANSWER_SECONDS = 10
_MOST_FAILURES = 10_000


class PubsubSource:
    """A subscription. What fails is given back; how often, its dead-letter policy says.

    PUBSUB_EMULATOR_HOST leads to an emulator.

    Raises:
        ValueError: there are no credentials.
    """

    def __init__(self, subscription: str):
        self._subscription = subscription
        try:
            self._client = pubsub_v1.SubscriberClient()
        except DefaultCredentialsError as error:
            raise ValueError(f"SOURCE {subscription}: {error}") from None
        self._at_work = 0
        # The service counts deliveries only where there is a dead-letter policy.
        self._failures: dict[str, int] = {}
        self._lock = threading.Lock()

    def run(self, taker: Taker, life: Lifetime) -> bool:
        """Runs until `life` is over. Returns whether the service could be reached.

        Raises:
            ValueError: there is no such subscription, or this user may not read it.
        """

        if not self._is_reached(life, taker.report):
            return False
        life.busy()  # Idle time counts from here on: to connect may take a while.

        def take(received: Received) -> None:
            with self._lock:
                self._at_work += 1
            number = received.delivery_attempt or self._failures.get(received.message_id, 0) + 1
            attributes = dict(received.attributes)
            failure = taker.message(Message(received.data, attributes, number))
            if failure is None:
                self._failures.pop(received.message_id, None)
                received.ack()
            else:
                if len(self._failures) >= _MOST_FAILURES:
                    self._failures.clear()  # Their pauses begin again.
                self._failures[received.message_id] = number
                wait = 0 if life.was_told else delay_seconds(number)
                taker.report.add(given_back=1)
                if wait:
                    taker.report.warn(f"{failure.uri}: {failure.reason}; again in {wait:g} s")
                life.wait(wait)
                received.nack()
            life.busy()
            with self._lock:
                self._at_work -= 1

        number = taker.workers.number
        pulling = self._client.subscribe(
            self._subscription,
            take,
            flow_control=FlowControl(
                max_messages=number, max_lease_duration=_LONGEST_LEASE_SECONDS
            ),
            scheduler=ThreadScheduler(ThreadPoolExecutor(number)),
            await_callbacks_on_shutdown=True,
        )
        taker.report.say(f"watching {self._subscription}")
        while not life.is_over(self._at_work > 0):
            try:
                pulling.result(timeout=_POLL_SECONDS)
            except concurrent.futures.TimeoutError:
                life.beat()
            except _REFUSED as error:
                raise ValueError(f"SOURCE {self._subscription}: {error}") from None
        pulling.cancel()
        try:
            pulling.result(timeout=life.grace_left)
        except concurrent.futures.TimeoutError:
            taker.workers.end()
            pulling.result()
        self._client.close()
        return True

    def _is_reached(self, life: Lifetime, report: Report) -> bool:
        """Wait for an answer, until `life` is over: the pull waits for ever and says nothing.

        Raises:
            ValueError: there is no such subscription, or this user may not read it.
        """
        number = 0
        while not life.is_over(is_at_work=False):
            number += 1
            try:
                self._client.acknowledge(
                    subscription=self._subscription,
                    ack_ids=["none"],  # What may be asked by whoever may pull, and does nothing.
                    retry=None,
                    timeout=_ANSWER_SECONDS,
                )
            except InvalidArgument:
                return True
            except _REFUSED as error:
                raise ValueError(f"SOURCE {self._subscription}: {error}") from None
            except (RetryError, ServerError) as error:
                wait = delay_seconds(number)
                report.warn(f"{self._subscription}: {error}; again in {wait:g} s")
                life.wait(wait)
            else:
                return True
        return False
