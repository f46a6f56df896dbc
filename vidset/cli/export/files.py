"""`vidset export`: what it writes and shows."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from vidset.cli.console import answer, counting, say
from vidset.cli.events import tell_catalogue
from vidset.lineage.exports import record_export
from vidset.next_step import next_words
from vidset.output import local_path, new_file
from vidset.project import Project
from vidset.rights import ANY_LICENSE, LicenseChoice, told_licences


@dataclass(frozen=True, slots=True)
class Request:
    """The user's request."""

    format_name: str
    output: str
    labels_only: bool = False
    link: bool = False
    lossy: bool = False
    overwrite: bool = False
    shard_mb: int = 256
    licenses: LicenseChoice = ANY_LICENSE
    subset: int | None = None


@dataclass(frozen=True, slots=True)
class Exported:
    """The outcome of an export.

    Attributes:
        version: the dataset version; None for what is labeled now.
        dropped: what the format cannot say, by kind; only with --lossy.
        passed_over: images without labels to write, by the state of their annotation.
        other_licences: images that stay out for their licences, by these; only with --license.
    """

    place: str
    output: str
    format: str
    version: str | None
    images: int
    objects: int | None = None
    dropped: Mapping[str, int] = field(default_factory=dict)
    passed_over: Mapping[str, int] = field(default_factory=dict)
    other_licences: Mapping[str, int] = field(default_factory=dict)


def run_export_files(
    project: Project,
    version: str | None,
    request: Request,
    store: str | None,
    template: str | None,
    *,
    as_json: bool,
    quiet: bool,
) -> None:
    """Export and report.

    Raises:
        ValueError: bad usage, or the format cannot say something; nothing has been written.
    """
    with counting("Exporting", show=not (as_json or quiet)) as update:

        def progress(number: int) -> None:
            update(Counter(images=number))

        if version:
            done = _version(project, version, request, progress)
        elif request.labels_only:
            done = _labels(project, request, store, template)
        else:
            done = _labeled(project, request, store, template, progress)
    record_export(
        project.place,
        done.version,
        done.format,
        done.output,
        done.images,
        request.licenses,
        done.other_licences,
    )
    read = f"versions/{done.version}" if done.version else "annotations"
    made = str(Path(done.output).absolute())
    tell_catalogue(project.place, "export", [read], [made], format=done.format)
    answer(
        done,
        lambda: _show(done),
        as_json=as_json,
        quiet=quiet,
        project=project,
        next_words=next_words(project, "export"),
    )


def _version(project: Project, version: str, request: Request, progress) -> Exported:
    from vidset.cli.train.choosing import choose_part
    from vidset.datasets.exchange.checkout import check_out
    from vidset.datasets.versions.repository import Repository

    repository = Repository(str(project.folder("vidset export VERSION") / "datasets"))
    done = check_out(
        repository,
        choose_part(repository, version, request.subset, show=False),
        str(local_path("--output", request.output)),
        request.format_name,
        link=request.link,
        lossy=request.lossy,
        overwrite=request.overwrite,
        shard_mb=request.shard_mb,
        licenses=request.licenses,
        progress=progress,
    )
    return Exported(
        project.place,
        request.output,
        request.format_name,
        done.version,
        done.images,
        dropped=done.dropped,
        other_licences=done.other_licences,
    )


def _labels(
    project: Project, request: Request, store: str | None, template: str | None
) -> Exported:
    from vidset.cli.label.places import place_of
    from vidset.formats.export import open_labels
    from vidset.formats.label_export import export_labels
    from vidset.formats.registry import format_named

    if format_named(request.format_name).labels == "file":
        path = new_file("--output", request.output, overwrite=request.overwrite)
    else:
        path = local_path("--output", request.output)
        if not request.overwrite and path.exists() and (path.is_file() or any(path.iterdir())):
            raise ValueError(f"--output {path} exists: --overwrite replaces an earlier export")
    place = place_of(project, store=store, template=template)
    opened, order = open_labels(place)
    written, withdrawn, others = export_labels(
        opened,
        place,
        request.format_name,
        str(path),
        order,
        lossy=request.lossy,
        usual=project.rights(),
        licenses=request.licenses,
    )
    return Exported(
        project.place,
        str(Path(request.output)),
        request.format_name,
        None,
        written.images,
        written.objects,
        written.dropped,
        {"rejected": withdrawn} if withdrawn else {},
        dict(others),
    )


def _labeled(
    project: Project, request: Request, store: str | None, template: str | None, progress
) -> Exported:
    from vidset.cli.label.places import place_of
    from vidset.formats.export import export_files

    done = export_files(
        request.format_name,
        place_of(project, store=store, template=template),
        str(local_path("--output", request.output)),
        link=request.link,
        lossy=request.lossy,
        overwrite=request.overwrite,
        shard_mb=request.shard_mb,
        usual=project.rights(),
        licenses=request.licenses,
        progress=progress,
    )
    return Exported(
        project.place,
        request.output,
        request.format_name,
        None,
        done.images,
        done.objects,
        done.dropped,
        {state: number for state, number in done.passed_over.items() if number},
        dict(done.other_licences),
    )


def _show(done: Exported) -> None:
    objects = "" if done.objects is None else f", {done.objects} objects"
    say(f"{done.output}: {done.images} images{objects}")
    if done.dropped:
        each = (f"{number} {what}" for what, number in done.dropped.items())
        say(f"left out: {', '.join(each)}")
    for state, number in done.passed_over.items():
        say(f"{number} images whose annotations are {state} are not in it")
    if done.other_licences:
        say(f"images of other licences are not in it: {told_licences(done.other_licences)}")
