"""`vidset dataset create`."""

from dataclasses import dataclass
from typing import Annotated

import typer

from vidset.cli.command import described
from vidset.cli.completing import complete_versions
from vidset.cli.dataset.made import Made
from vidset.cli.dataset.options import (
    Cap,
    Leaks,
    Lossy,
    Message,
    Move,
    NearDistance,
    SkipFaults,
    labels_of,
    near_distance_of,
    shares_of,
)
from vidset.cli.flags import (
    As,
    Format,
    Json,
    License,
    Name,
    Place,
    Quiet,
    Rights,
    Tag,
    WithoutTag,
)
from vidset.cli.reading_options import (
    AsBoxes,
    Columns,
    Crowds,
    Faults,
    MapLabels,
    Match,
    MatchHow,
    ResultsOf,
    columns_of,
    faults_into,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeFromSources(Made):
    """The object that --json prints.

    Attributes:
        against_parent: how many images were kept, added, relabeled, replaced, dropped.
        left_out: every fault, with its kind, the name of the image or file, and what it is.
        dropped, leaks: a line each: images that were taken out of a split; that stand in several.
        anomalies: a line each: what the schema does not expect.
        overridden: a line each: images of which a fix says something else than the source.
    """

    against_parent: dict[str, int]
    left_out: list[dict[str, str]]
    dropped: list[str]
    leaks: list[str]
    anomalies: list[str]
    overridden: list[str]


@described(
    "vidset dataset create -n v0",
    "vidset dataset create coco:labels.json -n v0 --shares train=0.8,validation=0.2",
    part="dataset",
    result="vidset.cli.dataset.create:MadeFromSources",
    note="A SOURCE is a path, which may say its format and its split: folders:DIR, coco:FILE, "
    "labelme:DIR, label-studio:FILE, yolo:DIR, tfrecord:DIR, webdataset:DIR, parquet:DIR, "
    "warehouse:DIR, bq://PROJECT.DATASET, train=DIR, validation=coco:FILE. Without one, the "
    "version is cut from the labels of the place.",
)
def create(
    sources: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="SOURCE",
            help="Labels or images from elsewhere, as below.",
            show_default="the labels of the place",
        ),
    ] = None,
    format_name: Format = None,
    name: Name = None,
    move: Move = False,
    message: Message = "",
    actor: As = None,
    shares: Annotated[
        str, typer.Option(metavar="SHARES", help="How to split images that no source has split.")
    ] = "train=0.8,validation=0.1,test=0.1",
    group_by: Annotated[
        str,
        typer.Option(
            metavar="HOW",
            help="What stays on one side: video, folder, image, collector, a stretch of a video "
            "such as 10s, a regular expression on names, or sql:EXPRESSION.",
        ),
    ] = "video",
    images: Annotated[
        str | None,
        typer.Option(
            "--images-in",
            metavar="DIR",
            help="The folder with the images of the label files.",
            show_default="images/ beside the file, else beside the file",
        ),
    ] = None,
    where: Annotated[
        str,
        typer.Option(metavar="SQL", help="Which of the warehouse's dataset_candidates to take."),
    ] = "TRUE",
    tag: Tag = None,
    without_tag: WithoutTag = None,
    parent: Annotated[
        str | None,
        typer.Option(
            "--parent",
            metavar="VERSION",
            help="Add to this version; its splits and fixes hold.",
            autocompletion=complete_versions,
        ),
    ] = None,
    instead: Annotated[
        bool,
        typer.Option(
            "--instead", help="Take the splits and fixes from --parent, but not its images."
        ),
    ] = False,
    without_fixes: Annotated[
        bool,
        typer.Option("--without-fixes", help="Let the source overrule fixes of earlier versions."),
    ] = False,
    seed: Annotated[int, typer.Option(metavar="N", help="Draw the split with another seed.")] = 0,
    near_distance: NearDistance = "6",
    leaks: Leaks = "refuse",
    cap: Cap = None,
    rights: Rights = None,
    licenses: License = None,
    labels: Annotated[
        str | None, typer.Option(metavar="A,B,...", help="Allow these labels and no others.")
    ] = None,
    skip_faults: SkipFaults = False,
    lossy: Lossy = False,
    as_boxes: AsBoxes = False,
    map_labels: MapLabels = None,
    match: MatchHow = Match.PATH,
    crowds: Crowds = False,
    columns: Columns = None,
    results_of: ResultsOf = None,
    faults: Faults = None,
    fatal_anomalies: Annotated[
        bool,
        typer.Option("--fatal-anomalies", help="Stop if the images do not keep to the schema."),
    ] = False,
    full: Annotated[
        bool,
        typer.Option(
            "--full", help="Read all images, also those that look as when they were last read."
        ),
    ] = False,
    place: Place = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Cut a version from labeled images."""
    from vidset.actor import actor_of
    from vidset.cli.console import answer, plural, say, show_problems, size, tell
    from vidset.cli.dataset.display import NAMED, counting, told_faults
    from vidset.cli.dataset.made import check_new_name, facts_of, name_made, show_made
    from vidset.cli.dataset.versions import Versions
    from vidset.cli.stopping import if_stopped
    from vidset.cli.syncing import bring_labels
    from vidset.datasets.curation.create import Wanted
    from vidset.datasets.curation.create import create as create_version
    from vidset.datasets.curation.sources.label_files import HowToRead
    from vidset.datasets.curation.sources.opening import Sources, open_source
    from vidset.formats.reshaping import label_map
    from vidset.rights import LicenseChoice, read_rights
    from vidset.tags import TagChoice

    by = actor_of(actor)
    versions = Versions.at(place, "create", is_made=True)
    check_new_name(versions, name, None, move=move)
    wanted = Wanted(
        shares=shares_of(shares),
        seed=seed,
        parent=None if parent is None else versions.repository.resolve(parent),
        instead=instead,
        near_distance=near_distance_of(near_distance),
        leaks=leaks,  # pyright: ignore[reportArgumentType]  It is checked there.
        cap=cap,
        labels=labels_of(labels),
        licenses=LicenseChoice(tuple(licenses or ())),
        skip_faults=skip_faults,
        fatal_anomalies=fatal_anomalies,
        fixes_hold=not without_fixes,
        message=message,
        actor=by,
        is_full=full,
    )
    given = sources or [bring_labels(versions.project, show=not (as_json or quiet))]
    tagged = TagChoice(tuple(tag or ()), tuple(without_tag or ()))
    how = HowToRead(
        lossy,
        crowds,
        columns_of(columns),
        match.value,
        results_of,
        label_map(map_labels or ()),
        as_boxes,
    )
    # What vidset.toml states is of the place's own videos, not of what comes from elsewhere.
    stated = read_rights(rights or ()) if sources else versions.project.rights(rights)
    opened = open_source(
        Sources(
            given,
            format_name,
            images,
            where,
            group_by,
            tagged,
            how,
            rights=stated,
            licenses=wanted.licenses,
        )
    )
    for dataset, read_bytes in opened.read_bytes.items():
        if not quiet:
            tell(f"{dataset}: BigQuery will read up to {size(read_bytes)}")
    versions.make()
    if_stopped("No version was made. The same command uses the images that are read already.")
    with (
        counting("Reading images", show=not (as_json or quiet)) as progress,
        faults_into(faults, given[0]) as wrong,
    ):
        made = create_version(versions.repository, opened.source, wanted, progress)
        wrong.extend(map(str, made.faults))
    warnings = [
        *told_faults(made.faults),
        *(f"left out: {line}" for line in made.dropped),
        *made.overridden,
        *(f"not as the schema expects: {line}" for line in made.anomalies[:NAMED]),
        *(
            [f"not as the schema expects: {len(made.anomalies) - NAMED} more, in --json"]
            if len(made.anomalies) > NAMED
            else ()
        ),
    ]
    if made.ungrouped:
        warnings.append(
            f"{plural(made.ungrouped, 'image')} came without a group: frames of one video may be "
            "on several sides, and scores come out too high; --group-by tells what belongs together"
        )
    show_problems(warnings)
    name_made(versions, name, made.id, move=move, actor=by)
    result = MadeFromSources(
        **facts_of(versions, made.images, name, is_new=made.is_new, warnings=warnings),
        against_parent=dict(made.counts),
        left_out=[
            {"kind": fault.kind, "name": fault.name, "what": fault.what} for fault in made.faults
        ],
        dropped=made.dropped,
        leaks=made.leaks,
        anomalies=made.anomalies,
        overridden=made.overridden,
    )

    def shown() -> None:
        show_made(result, made.images)
        if made.counts:
            each = ", ".join(f"{number:,} {what}" for what, number in made.counts.items() if number)
            say(f"against its parent: {each or 'the same'}")
        if made.leaks:
            say(f"{len(made.leaks):,} images stand in several splits, and are kept so")

    answer(
        result,
        shown,
        as_json=as_json,
        quiet=quiet,
        project=versions.project,
        next_words=f"vidset train {versions.called(made.id)}",
    )
