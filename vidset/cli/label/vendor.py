"""`vidset label reconcile` and `connect`: what asks the vendor."""

from vidset.cli.console import answer, counting, say, show_problems
from vidset.cli.label.results import Connected, Reconciled
from vidset.labeling.broker import open_broker
from vidset.labeling.errors import InvalidAnswerError, RefusedError, TryAgainError
from vidset.labeling.reconciling import reconcile
from vidset.labeling.vendors.registry import vendor_named
from vidset.local_labeling.connect import connect_vendor
from vidset.next_step import next_words
from vidset.place import Place
from vidset.project import Project


def run_reconcile(project: Project, place: Place, *, as_json: bool, quiet: bool) -> int:
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
        raise RuntimeError(f"{broker.settings.vendor}: {error}") from None
    incomplete = report["incomplete"]
    show_problems(incomplete)

    def show() -> None:
        for step in ("changes", "unanswered", "requested", "images", "tasks"):
            counts = report[step].items()
            each = ", ".join(f"{number} {name}" for name, number in counts if number)
            say(f"{step:12}{each or 'none'}")

    answer(
        Reconciled(place=project.place, **report),
        show,
        as_json=as_json,
        quiet=quiet,
        project=project,
        next_words=next_words(project, "label reconcile"),
    )
    return 1 if incomplete else 0


def run_connect(project: Project, place: Place, *, as_json: bool, quiet: bool) -> int:
    """Raises ValueError: the settings do not do, or the vendor refuses them."""
    settings = place.settings("dispatch")
    try:
        connection = connect_vendor(open_broker(settings))
    except TryAgainError as error:
        raise RuntimeError(f"{settings.vendor}: {error}") from None

    def show() -> None:
        if connection is None:
            say(f"{settings.vendor} needs no setting up")
            return
        made = "made" if connection.is_new else "found"
        say(f"project {connection.project_id} {connection.title!r} {made}: {connection.url}")
        if connection.webhook:
            say(f"webhook to {settings.callback_url} {connection.webhook}")
            return
        callback = vendor_named(settings.vendor).callback
        needed = ["LABELING_CALLBACK_URL", *([callback.secret] if callback else [])]
        say(
            f"no webhook: {' and '.join(needed)} are needed for one; until then vidset label "
            "reconcile fetches the answers"
        )

    answer(
        Connected(project.place, settings.vendor, connection),
        show,
        as_json=as_json,
        quiet=quiet,
        project=project,
        next_words="vidset label serve" if connection else "vidset label dispatch",
    )
    return 0
