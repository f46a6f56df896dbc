"""`vidset label dispatch`: a task for every kept image that has none."""

from collections.abc import Iterator, Sequence

from vidset.cli.console import answer, confirm, counting, in_earnest, plural, say, show_problems
from vidset.cli.label.results import Dispatched
from vidset.labeling.broker import open_broker
from vidset.labeling.errors import TryAgainError
from vidset.labeling.task import Image
from vidset.local_labeling.connect import connect_vendor
from vidset.local_labeling.dispatch import OUTCOMES, count_images, dispatch_images
from vidset.local_labeling.relabeling import Wrong, relabel_images
from vidset.local_labeling.served import answers
from vidset.next_step import next_words
from vidset.place import Place
from vidset.project import Project
from vidset.storage.open import open_store
from vidset.tags import FOLDER, TagChoice, choose


def run_dispatch(
    project: Project,
    place: Place,
    limit: int | None,
    retry: str | None,
    tagged: TagChoice,
    selection: str | None = None,
    wrong: Sequence[Wrong] | None = None,
    by: str = "",
    *,
    dry_run: bool,
    yes: bool,
    as_json: bool,
    quiet: bool,
) -> int:
    """Dispatch and report; the exit code: 1 when images were refused or wait, else 0.

    Raises:
        ValueError: the settings do not do; nothing has been dispatched.
    """
    broker = open_broker(place.settings("dispatch"))
    is_wanted = choose(open_store(project.below(FOLDER)), tagged)

    is_chosen = selection is not None or tagged.wanted or wrong is not None
    if broker.settings.is_held and not is_chosen:
        raise ValueError(
            "LABELING_HOLD is yes, so that images wait until somebody chooses them: wanted "
            "--selection (vidset select makes one) or --tag, got neither"
        )
    chosen = None if selection is None else _chosen(project, place, selection)

    def images() -> Iterator[Image]:
        every = place.images() if chosen is None else iter(chosen)
        return (image for image in every if is_wanted(image.id))

    if withheld := place.count_withheld():
        show_problems([f"{plural(withheld, 'image')} withheld: vidset blur has not checked them"])
    is_paid = broker.settings.price > 0 or broker.settings.vendor == "scale"
    if dry_run or is_paid:
        number = count_images(broker, images(), limit, retry) if wrong is None else len(wrong)
        cost = round(number * broker.settings.price, 6)
        if dry_run:
            return _show_plan(project, broker.settings.vendor, number, cost, as_json, quiet)
        if number:
            confirm(_question(broker.settings.vendor, number, cost), yes=yes)
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
        if wrong is None:
            counts, problems = dispatch_images(broker, images(), limit, retry, show)
        else:
            counts, problems = relabel_images(broker, place, wrong, by, show)
    found = {outcome: counts[outcome] for outcome in OUTCOMES}
    show_problems(problems)

    def show_counts() -> None:
        total = counts.total()
        each = ", ".join(f"{number} {outcome}" for outcome, number in found.items() if number)
        say(f"{total} image{'s' * (total != 1)} for {broker.vendor.name}: {each or 'none'}")
        if counts["held"]:
            say(f"{broker.budget.explain()}: vidset label reconcile dispatches what it allows")

    answer(
        Dispatched(
            project.place, broker.settings.vendor, counts.total(), **found, warnings=problems
        ),
        show_counts,
        as_json=as_json,
        quiet=quiet,
        project=project,
        next_words=next_words(project, "label dispatch"),
    )
    return 1 if counts["refused"] or counts["waiting"] else 0


def _chosen(project: Project, place: Place, named: str) -> list[Image]:
    """Return the images of a selection, the most wanted first; those that are gone are told.

    Raises:
        ValueError: there is no such selection.
    """
    from vidset.selection.selection_file import read_selection

    ids = read_selection(project.place, named).image_ids
    ranks = {image_id: rank for rank, image_id in enumerate(ids)}
    there = sorted(
        (image for image in place.images() if image.id in ranks), key=lambda each: ranks[each.id]
    )
    if gone := len(ids) - len(there):
        show_problems(
            [f"{plural(gone, 'image')} of selection {named} are not in the place any more"]
        )
    return there


def _show_plan(
    project: Project, vendor: str, number: int, cost: float, as_json: bool, quiet: bool
) -> int:
    text = (
        f"{plural(number, 'image')} would be sent to {vendor}{_told_cost(cost)}; nothing was sent"
    )
    answer(
        Dispatched(project.place, vendor, number, cost),
        lambda: say(text),
        as_json=as_json,
        quiet=quiet,
        next_words=in_earnest(),
    )
    return 0


def _question(vendor: str, number: int, cost: float) -> str:
    return f"Send {plural(number, 'image')} to {vendor}{_told_cost(cost)}?"


def _told_cost(cost: float) -> str:
    return f", which costs {cost:,.2f}" if cost else ""
