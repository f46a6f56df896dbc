"""`vidset label reconcile` and `connect`: what asks the vendor."""

import json
from dataclasses import asdict

from vidset.cli.console import counting, say, show_problems
from vidset.labeling.broker import open_broker
from vidset.labeling.errors import InvalidAnswerError, RefusedError, TryAgainError
from vidset.labeling.reconciling import reconcile
from vidset.labeling.vendors.registry import vendor_named
from vidset.local_labeling.connect import connect_vendor
from vidset.place import Place


def run_reconcile(place: Place, *, as_json: bool, quiet: bool) -> int:
    """The exit code: 1 when the vendor or the budget stopped a step, else 0.

    Raises:
        ValueError: the settings do not do, or the vendor refuses the key.
    """
    broker = open_broker(place.settings("dispatch"))
    try:
        connect_vendor(broker)
        with counting("Reconciling", show=not (quiet or as_json)):
            report = reconcile(broker, place.images())
    except (InvalidAnswerError, RefusedError, TryAgainError) as error:
        show_problems([f"{broker.settings.vendor}: {error}"])
        return 1
    incomplete = report["incomplete"]
    show_problems(incomplete)
    if as_json:
        print(json.dumps(report))
    elif not quiet:
        for step in ("changes", "unanswered", "requested", "images", "tasks"):
            counts = report[step].items()
            each = ", ".join(f"{number} {name}" for name, number in counts if number)
            say(f"{step:12}{each or 'none'}")
    return 1 if incomplete else 0


def run_connect(place: Place, *, as_json: bool, quiet: bool) -> int:
    """Raises ValueError: the settings do not do, or the vendor refuses them."""
    settings = place.settings("dispatch")
    try:
        connection = connect_vendor(open_broker(settings))
    except TryAgainError as error:
        show_problems([f"{settings.vendor}: {error}"])
        return 1
    if as_json:
        print(
            json.dumps({"vendor": settings.vendor, "connection": connection and asdict(connection)})
        )
    elif not quiet and connection is None:
        say(f"{settings.vendor} needs no setting up")
    elif not quiet and connection:
        made = "made" if connection.is_new else "found"
        say(f"project {connection.project_id} {connection.title!r} {made}: {connection.url}")
        if connection.webhook:
            say(f"webhook to {settings.callback_url} {connection.webhook}")
        else:
            callback = vendor_named(settings.vendor).callback
            needed = ["LABELING_CALLBACK_URL", *([callback.secret] if callback else [])]
            say(
                f"no webhook: {' and '.join(needed)} are needed for one; until then vidset label "
                "reconcile fetches the answers"
            )
    return 0
