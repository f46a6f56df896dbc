"""`vidset label dispatch`: a task for every kept image that has none."""

from vidset.cli.console import answer, counting, say, show_problems
from vidset.labeling.broker import open_broker
from vidset.labeling.errors import TryAgainError
from vidset.local_labeling.connect import connect_vendor
from vidset.local_labeling.dispatch import OUTCOMES, dispatch_images
from vidset.local_labeling.served import answers
from vidset.next_step import next_words
from vidset.place import Place
from vidset.project import Project


def run_dispatch(
    project: Project,
    place: Place,
    limit: int | None,
    retry: str | None,
    *,
    as_json: bool,
    quiet: bool,
) -> int:
    """Dispatch and report; the exit code: 1 when images were refused or wait, else 0.

    Raises:
        ValueError: the settings do not do; nothing has been dispatched.
    """
    broker = open_broker(place.settings("dispatch"))
    try:
        connect_vendor(broker)
    except TryAgainError as error:
        raise RuntimeError(f"{broker.settings.vendor}: {error}") from None
    if broker.settings.callback_url == f"{place.served}/receive_annotation" and not answers(
        place.served
    ):
        nobody = (
            f"nobody answers at {place.served}: annotators will see broken images, and their "
            "answers are lost until you run vidset label serve"
        )
        show_problems([nobody])
    with counting("Dispatching", show=not (quiet or as_json)) as show:
        counts, problems = dispatch_images(broker, place.images(), limit, retry, show)
    found = {outcome: counts[outcome] for outcome in OUTCOMES}
    show_problems(problems)

    def show_counts() -> None:
        total = counts.total()
        each = ", ".join(f"{number} {outcome}" for outcome, number in found.items() if number)
        say(f"{total} image{'s' * (total != 1)} for {broker.vendor.name}: {each or 'none'}")
        if counts["held"]:
            say(f"{broker.budget.explain()}: vidset label reconcile dispatches what it allows")

    answer(
        {"place": project.place, **found},
        show_counts,
        as_json=as_json,
        quiet=quiet,
        project=project,
        next_words=next_words(project, "label dispatch"),
    )
    return 1 if counts["refused"] or counts["waiting"] else 0
