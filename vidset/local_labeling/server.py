"""The labeling functions over HTTP on this machine, and the images of a folder.

All of it is one process, so that the broker is opened once and the timer runs once, the demo runs
it in a thread, and a free port is had without a race.
"""

import socket
import threading
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, redirect_stdout
from ipaddress import ip_address
from typing import TYPE_CHECKING, TextIO

from cloudevents.exceptions import GenericException
from cloudevents.http import from_http
from flask import (
    Flask,
    Response,
    abort,
    got_request_exception,
    jsonify,
    request,
    send_from_directory,
)

from vidset.labeling import entry_points
from vidset.labeling.broker import Broker
from vidset.labeling.reconciling import reconcile
from vidset.labeling.settings import Settings, callback_secrets
from vidset.labeling.task import Image
from vidset.local_labeling.http_server import Limits, serving_http
from vidset.local_labeling.readers import is_known_host, is_label_studio
from vidset.regular_files import has_link

if TYPE_CHECKING:  # It needs an optional part.
    from vidset.local_labeling.metrics import ServeMetrics

# A browser tells whose page asks, a proxy for whom it does.
_OF_OTHERS = ("Origin", "Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP")


@contextmanager
def serving(
    app: Flask,
    listening: socket.socket,
    log: TextIO,
    reconcile_seconds: float = 0,
    limits: Limits | None = None,
) -> Iterator[None]:
    """Serve until the block ends; meanwhile all that is printed goes to `log`.

    Args:
        listening: is closed at the end.
        reconcile_seconds: how long to wait between two runs of reconcile; 0: none at all.
    """
    ended = threading.Event()

    def reconcile_from_time_to_time() -> None:
        while not ended.wait(reconcile_seconds):
            # As the timer of the cloud calls it, without the network between.
            app.test_client().post("/reconcile")

    with redirect_stdout(log), serving_http(app, listening, limits):
        if reconcile_seconds:  # It can take minutes; broken off, the next one goes on.
            threading.Thread(target=reconcile_from_time_to_time, daemon=True).start()
        try:
            yield
        finally:
            ended.set()


def make_app(
    broker: Broker,
    images: Callable[[], Iterable[Image]],
    folder: str | None,
    log: TextIO,
    metrics: "ServeMetrics | None" = None,
) -> Flask:
    """Make the app with `/request_labeling`, `/receive_annotation` and `/reconcile`.

    Args:
        images: of the ledger, in which reconcile looks for those without a task.
        folder: of images, which are at `/images/<name>`; None: none are.
        log: what goes wrong, with where.
        metrics: hears of each callback and of each run of reconcile.
    """
    app = Flask("vidset", static_folder=None)
    one_at_a_time = threading.Lock()

    def tell(_: Flask, exception: BaseException, **__: object) -> None:
        print("".join(traceback.format_exception(exception)), end="", file=log, flush=True)

    got_request_exception.connect(tell, app, weak=False)

    @app.post("/request_labeling")
    def request_labeling() -> tuple[str, int]:
        _refuse_others()
        try:
            event = from_http(dict(request.headers), request.get_data())
        except GenericException as error:
            abort(400, f"no CloudEvent: {error}")
        entry_points.request_labeling(broker, event)
        return "", 204

    @app.route("/receive_annotation", methods=["GET", "POST"])
    def receive_annotation() -> Response:
        return entry_points.receive_annotation(broker, request)

    @app.post("/reconcile")
    def run_reconcile() -> tuple[Response, int]:
        _refuse_others()
        with one_at_a_time:
            report = reconcile(broker, images())
        severity = "WARNING" if report["incomplete"] else "INFO"
        entry_points.log(severity, "reconciled", **report)
        return jsonify(report), 503 if report["incomplete"] else 200

    if metrics is not None:

        @app.after_request
        def count(response: Response) -> Response:
            if request.endpoint == "receive_annotation":
                metrics.callback(response.status_code, response.get_json(silent=True) or {})
            elif request.endpoint == "run_reconcile" and response.status_code != 403:
                metrics.reconciled(response.status_code)
            return response

    if folder is not None:

        @app.get("/images/<path:name>")
        def image(name: str) -> Response:
            origin = request.headers.get("Origin")
            if not is_known_host(request.host, broker.settings):
                abort(403, f"wanted a host that the settings name, got {request.host[:100]!r}")
            if origin is not None and not is_label_studio(origin, broker.settings):
                abort(403, f"wanted Label Studio's origin, got {origin[:100]!r}")
            if has_link(folder, name):
                abort(404)
            found = send_from_directory(folder, name)
            found.headers["Vary"] = "Origin"
            if origin is not None:
                # Label Studio draws on a canvas, which takes pictures of its own origin only.
                found.headers["Access-Control-Allow-Origin"] = origin
            return found

    return app


def _refuse_others() -> None:
    """Refuses what costs money to all but programs of this machine.

    It refuses other machines, tunnels (by their host name), proxies (by what they add) and pages in
    a browser. In the cloud, IAM does this.
    """
    is_here = ip_address(request.remote_addr or "0.0.0.0").is_loopback  # noqa: S104 (not bound to) # nosec B104
    host = request.host.rsplit(":", 1)[0] if request.host[-1:] != "]" else request.host
    if (
        not is_here
        or host not in ("localhost", "127.0.0.1", "[::1]")
        or any(name in request.headers for name in _OF_OTHERS)
    ):
        abort(403, "only for programs of this machine")


def warnings(settings: Settings, host: str) -> list[str]:
    """Return what a person who serves on `host` should know, one sentence each."""
    found = []
    if not settings.secrets:
        found.append(
            f"no callbacks are taken, for none of {', '.join(callback_secrets())} is set; "
            "reconcile fetches the answers"
        )
    if not ip_address(host).is_loopback:
        found.append(f"whoever reaches {host} can read the images whose names they know")
    return found
