"""`vidset dataset`: its commands. What each does is imported when it is called."""

from typing import Annotated

import typer

from vidset.cli.dataset.apply_command import apply
from vidset.cli.dataset.check_commands import audit, statistics, validate
from vidset.cli.dataset.dvc_commands import from_dvc, to_dvc
from vidset.cli.dataset.exchange_commands import pull, push
from vidset.cli.dataset.fix_command import fix
from vidset.cli.dataset.options import REPOSITORY, Message, Name, Reference, Repository
from vidset.cli.flags import Json, Quiet

app = typer.Typer(
    help="Dataset versions: made, compared, checked.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
_Paths = list[str] | None


@app.command(
    epilog="A PATH may be SPLIT=PATH: all images of it are in that split. Several are put together."
)
def create(
    folders: Annotated[
        _Paths,
        typer.Option(metavar="DIR", help="<label>/IMAGE or <split>/<label>/IMAGE below it."),
    ] = None,
    labelme: Annotated[
        _Paths, typer.Option(metavar="DIR", help="labelme's files beside their images.")
    ] = None,
    coco: Annotated[_Paths, typer.Option(metavar="FILE", help="COCO's instances.")] = None,
    label_studio: Annotated[
        _Paths, typer.Option(metavar="FILE", help="An export of Label Studio, as JSON.")
    ] = None,
    images: Annotated[
        str | None,
        typer.Option(
            metavar="DIR",
            help="Where the images of --coco and --label-studio are.",
            show_default="images/ beside the file, else beside the file",
        ),
    ] = None,
    warehouse: Annotated[
        str | None,
        typer.Option(
            metavar="OUT",
            help="What vidset export wrote a warehouse to: a folder, or bq://PROJECT.DATASET.",
        ),
    ] = None,
    where: Annotated[
        str,
        typer.Option(metavar="SQL", help="Which of the warehouse's dataset_candidates."),
    ] = "TRUE",
    group_by: Annotated[
        str,
        typer.Option(metavar="SQL", help="What of dataset_candidates stays on one side."),
    ] = "video_uri",
    group_pattern: Annotated[
        str | None,
        typer.Option(
            metavar="REGEX",
            help="What of an image's path stays on one side: its first group, else all of it.",
        ),
    ] = None,
    name: Name = None,
    message: Message = "",
    parent: Annotated[
        str | None,
        typer.Option("--from", metavar="VERSION", help="Add to it; what it split stays so."),
    ] = None,
    instead: Annotated[
        bool,
        typer.Option("--instead", help="Of --from only the splits: its images are not taken over."),
    ] = False,
    split: Annotated[
        str, typer.Option(metavar="SHARES", help="Of images that no source has a split for.")
    ] = "train=0.8,validation=0.1,test=0.1",
    seed: Annotated[int, typer.Option(help="Of the split.")] = 0,
    near_distance: Annotated[
        str,
        typer.Option(
            metavar="BITS", help="Images this near are one, for groups and leaks; off: never."
        ),
    ] = "6",
    leaks: Annotated[
        str,
        typer.Option(
            metavar="refuse|drop|keep", help="What becomes of images that are in several splits."
        ),
    ] = "refuse",
    cap: Annotated[
        int | None, typer.Option(min=1, help="Most images for training and validation.")
    ] = None,
    labels: Annotated[
        str | None, typer.Option(metavar="A,B,...", help="Labels that there may be, no others.")
    ] = None,
    skip_faults: Annotated[
        bool, typer.Option("--skip-faults", help="Leave out what is wrong instead of stopping.")
    ] = False,
    fatal_anomalies: Annotated[
        bool, typer.Option("--fatal-anomalies", help="Stop where the schema is not kept.")
    ] = False,
    repository: Repository = REPOSITORY,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Cut a version from labeled images."""
    from vidset.cli.dataset.create import Request, run_create
    from vidset.datasets.curation.sources.opening import Sources

    sources = Sources(
        folders=tuple(folders or ()),
        labelme=tuple(labelme or ()),
        coco=tuple(coco or ()),
        label_studio=tuple(label_studio or ()),
        images=images,
        warehouse=warehouse,
        where=where,
        group_by=group_by,
        group_pattern=group_pattern,
    )
    request = Request(
        repository=repository,
        sources=sources,
        name=name,
        message=message,
        parent=parent,
        instead=instead,
        split=split,
        seed=seed,
        near_distance=near_distance,
        leaks=leaks,
        cap=cap,
        labels=labels,
        skip_faults=skip_faults,
        fatal_anomalies=fatal_anomalies,
    )
    raise typer.Exit(run_create(request, as_json=as_json, quiet=quiet))


@app.command(name="list")
def list_(repository: Repository = REPOSITORY, as_json: Json = False, quiet: Quiet = False) -> None:
    """The versions, oldest first."""
    from vidset.cli.dataset.show import run_list

    raise typer.Exit(run_list(repository, as_json=as_json, quiet=quiet))


@app.command()
def show(
    version: Reference,
    repository: Repository = REPOSITORY,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """A version: how it was made, and its images by label and split."""
    from vidset.cli.dataset.show import run_show

    raise typer.Exit(run_show(repository, version, as_json=as_json, quiet=quiet))


@app.command()
def diff(
    a: Annotated[str, typer.Argument(metavar="A", help="A version.")],
    b: Annotated[str, typer.Argument(metavar="B", help="A later one.")],
    limit: Annotated[int, typer.Option(min=0, help="Images named on the screen, of a kind.")] = 10,
    repository: Repository = REPOSITORY,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """What is different in B: images, labels, splits. --json names all images."""
    from vidset.cli.dataset.diff import run_diff

    raise typer.Exit(run_diff(repository, (a, b), limit, as_json=as_json, quiet=quiet))


@app.command()
def checkout(
    version: Reference,
    folder: Annotated[str, typer.Argument(metavar="DIR", help="To be made.")],
    format_name: Annotated[
        str,
        typer.Option(
            "--format",
            metavar="FORMAT",
            help="folders: <split>/<label>/IMAGE; each split as coco, fiftyone, labelme, voc, yolo",
        ),
    ] = "folders",
    link: Annotated[
        bool, typer.Option("--link", help="Hard links: who changes such an image changes it all.")
    ] = False,
    lossy: Annotated[
        bool, typer.Option("--lossy", help="Leave out what the format cannot say, and count it.")
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace an earlier checkout, nothing else.")
    ] = False,
    repository: Repository = REPOSITORY,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Write a version's images into folders that other tools read."""
    from vidset.cli.dataset.checkout import Request, run_checkout

    request = Request(
        repository, version, folder, format_name, link=link, lossy=lossy, overwrite=overwrite
    )
    raise typer.Exit(run_checkout(request, as_json=as_json, quiet=quiet))


@app.command()
def verify(
    versions: Annotated[
        list[str] | None,
        typer.Argument(metavar="VERSION", show_default="all, and what belongs to none"),
    ] = None,
    repository: Repository = REPOSITORY,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Read every image and manifest again: what is missing, changed, or of no version."""
    from vidset.cli.dataset.verify import run_verify

    raise typer.Exit(run_verify(repository, versions or [], as_json=as_json, quiet=quiet))


app.command()(audit)
app.command()(statistics)
app.command()(validate)
app.command()(apply)
app.command()(fix)
app.command()(push)
app.command()(pull)
app.command(name="to-dvc")(to_dvc)
app.command(name="from-dvc")(from_dvc)
