"""On Cloud Run: a run begins with one task, which starts more if many messages wait.

A job's number of tasks is fixed, but a run may be started with another: the first task asks Cloud
Monitoring how many messages the subscription holds, and Cloud Run for a run of helpers.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import google.auth
from google.auth.credentials import Credentials
from google.auth.exceptions import DefaultCredentialsError, TransportError
from google.auth.transport.requests import AuthorizedSession
from requests import RequestException

from vidset.labeling.timestamps import format_timestamp
from vidset.watch.report import Report
from vidset.watch.settings import IS_HELPER

_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
_WAITING = "pubsub.googleapis.com/subscription/num_undelivered_messages"
# Pub/Sub counts once a minute, and the count can be read some minutes later.
_COUNTED_WITHIN = timedelta(minutes=10)
_ANSWER_SECONDS = 20


@dataclass(frozen=True, slots=True)
class Services:
    """The addresses of the two services; tests have others."""

    monitoring: str = "https://monitoring.googleapis.com"
    run: str = "https://run.googleapis.com"
    credentials: Credentials | None = None


def start_more_tasks(
    subscription: str,
    job: str,
    most: int,
    workers: int,
    report: Report,
    services: Services = Services(),
) -> int:
    """Start as many helpers as messages keep busy; returns how many.

    What does not go well is a warning: this task does its work in any case, and so does the next
    run.

    Args:
        subscription: projects/P/subscriptions/S.
        job: the job of this task, projects/P/locations/L/jobs/J.
        most: how many tasks there may be, with this one.
        workers: how many messages a task works on at once.
    """
    try:
        credentials = services.credentials or google.auth.default(scopes=[_SCOPE])[0]
        session = AuthorizedSession(credentials)
        waiting = _waiting(session, services.monitoring, subscription)
        helpers = min(most, -(-waiting // workers)) - 1
        if helpers < 1:
            return 0
        report.say(f"{waiting:,} messages wait: {helpers} more tasks are started")
        _run(session, services.run, job, helpers)
    except (DefaultCredentialsError, TransportError, RequestException, ValueError) as error:
        report.warn(f"{job}: no more tasks are started: {error}")
        return 0
    return helpers


def _waiting(session: AuthorizedSession, service: str, subscription: str) -> int:
    """Return how many messages had not been acknowledged at the last count; 0 if none was made.

    Raises:
        RequestException: the service does not answer, or refuses.
        ValueError: its answer is none of the service's.
    """
    _, project, _, name = subscription.split("/")
    now = datetime.now(UTC)
    wanted = {
        "filter": f'metric.type = "{_WAITING}" AND resource.labels.subscription_id = "{name}"',
        "interval.startTime": format_timestamp(now - _COUNTED_WITHIN),
        "interval.endTime": format_timestamp(now),
    }
    url = f"{service}/v3/projects/{project}/timeSeries"
    answer = session.get(url, params=wanted, timeout=_ANSWER_SECONDS)
    answer.raise_for_status()
    found: Any = answer.json()
    try:
        points = [point for each in found.get("timeSeries", ()) for point in each["points"]]
        newest = max(points, key=lambda each: each["interval"]["endTime"], default=None)
        return 0 if newest is None else int(newest["value"]["int64Value"])
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"{url}: wanted a list of counts, got {found!r:.200} ({error})") from None


def _run(session: AuthorizedSession, service: str, job: str, tasks: int) -> None:
    """Start a run of the job with so many tasks.

    Raises:
        RequestException: the service does not answer, or refuses.
    """
    overrides = {
        "taskCount": tasks,
        "containerOverrides": [{"env": [{"name": IS_HELPER, "value": "yes"}]}],
    }
    url = f"{service}/v2/{job}:run"
    session.post(url, json={"overrides": overrides}, timeout=_ANSWER_SECONDS).raise_for_status()
