"""`vidset label dispatch`: a task for every kept image that has none."""

import json

from vidset.cli.console import counting, say, show_problems
from vidset.labeling.broker import open_broker
from vidset.labeling.errors import TryAgainError
from vidset.local_labeling.connect import connect_vendor
from vidset.local_labeling.dispatch import OUTCOMES, dispatch_images
from vidset.place import Place


def run_dispatch(
    place: Place, limit: int | None, retry: str | None, *, as_json: bool, quiet: bool
) -> int:
    """Dispatch and report; the exit code: 1 when images were refused or wait, else 0.

    Raises:
        ValueError: the settings do not do; nothing has been dispatched.
    """
    broker = open_broker(place.settings("dispatch"))
    try:
        connect_vendor(broker)
    except TryAgainError as error:
        show_problems([f"{broker.settings.vendor}: {error}"])
        return 1
    with counting("Dispatching", show=not (quiet or as_json)) as show:
        counts, problems = dispatch_images(broker, place.images(), limit, retry, show)
    found = {outcome: counts[outcome] for outcome in OUTCOMES}
    show_problems(problems)
    if as_json:
        print(json.dumps(found))
    elif not quiet:
        total = counts.total()
        each = ", ".join(f"{number} {outcome}" for outcome, number in found.items() if number)
        say(f"{total} image{'s' * (total != 1)} for {broker.vendor.name}: {each or 'none'}")
        if counts["held"]:
            say(f"{broker.budget.explain()}: vidset label reconcile dispatches what it allows")
    return 1 if counts["refused"] or counts["waiting"] else 0
