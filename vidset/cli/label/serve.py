"""`vidset label serve`: the labeling functions on this machine, until Ctrl-C."""

import os
import signal
import sys
import threading
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from ipaddress import ip_address
from typing import TYPE_CHECKING, TextIO

from vidset.cli.console import say, show_problems, tell
from vidset.cli.label.results import Serving
from vidset.cli.results import as_object, print_json
from vidset.labeling.broker import Broker, open_broker
from vidset.labeling.errors import TryAgainError
from vidset.listening import listen, url_of
from vidset.local_labeling.connect import connect_vendor
from vidset.local_labeling.served import left_word
from vidset.local_labeling.server import make_app, serving, warnings
from vidset.next_step import next_words
from vidset.place import Place
from vidset.project import Project

if TYPE_CHECKING:
    from vidset.local_labeling.metrics import ServeMetrics


def run_serve(
    project: Project,
    place: Place,
    address: tuple[str, int],
    reconcile_seconds: float,
    metrics_address: str | None,
    *,
    as_json: bool,
    quiet: bool,
) -> None:
    """Serve until SIGINT or SIGTERM. Each event is a line of JSON on stderr.

    Raises:
        ValueError: the settings do not do, the vendor refuses them, or the port is taken.
    """
    listening = listen(*address)
    url = url_of(listening)
    if not ip_address(listening.getsockname()[0]).is_unspecified:
        place = replace(place, served=url)
    settings = place.settings("dispatch")
    broker = open_broker(settings)
    problems: list[str] = []
    try:
        connect_vendor(broker)
    except TryAgainError as error:  # It may read the images from here before it answers.
        problems.append(f"{settings.vendor}, not yet: {error}")
    log: TextIO = open(os.devnull, "w") if quiet else sys.stderr  # noqa: SIM115 (to the end)
    folder = place.images_root if place.folder else None
    metrics, monitored = _monitoring(broker, reconcile_seconds, metrics_address)
    app = make_app(broker, place.images, folder, log, metrics)
    show_problems([*problems, *warnings(settings, listening.getsockname()[0])])
    following = project.command(next_words(project) or "vidset label dispatch")
    stopped = threading.Event()
    for number in signal.SIGINT, signal.SIGTERM:
        signal.signal(number, lambda *_: stopped.set())
    with monitored as metrics_url, left_word(place, place.served):
        # Whoever reads the url finds the word, too.
        if as_json:
            print_json(as_object(Serving(project.place, url, metrics_url), following))
        elif not quiet:
            say(f"callbacks  {url}/receive_annotation")
            if folder:
                say(f"images     {url}/images/...")
            if metrics_url:
                say(f"metrics    {metrics_url}/metrics and /healthz")
            say("Ctrl-C stops it")
            sys.stdout.flush()
            tell(f"Next: {following}")
        with serving(app, listening, log, reconcile_seconds):
            stopped.wait()
    broker.store.close()


def _monitoring(
    broker: Broker, reconcile_seconds: float, address: str | None
) -> tuple["ServeMetrics | None", AbstractContextManager[str | None]]:
    """Return what counts, and what serves the counts while its block runs."""
    if address is None:
        return None, nullcontext()
    from vidset.local_labeling.metrics import ServeMetrics
    from vidset.monitoring.server import serving_metrics

    metrics = ServeMetrics(broker.store, reconcile_seconds)
    return metrics, serving_metrics(address, metrics, metrics.problem)
