"""`vidset view`: the page of a place."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vidset.cli.command import described
from vidset.cli.flags import Json, Place, PlaceArgument, Quiet
from vidset.cli.places import only_place

if TYPE_CHECKING:
    from vidset.project import Project

_PORT = 8770


@dataclass(frozen=True, slots=True)
class Viewing:
    """The object that --json prints once the page answers, or once its export is written.

    Attributes:
        url: of the page; null with --export.
        output: the folder of the export; null without, as are its images and size.
        problems: what could not be read, one sentence each.
    """

    place: str
    url: str | None
    output: str | None = None
    images: int | None = None
    size_bytes: int | None = None
    problems: list[str] = field(default_factory=list)


@described(
    "vidset view",
    "vidset view roads --export light-table",
    part="view",
    result="vidset.cli.view:Viewing",
    stage="Begin",
    note="Other machines reach the page only with --host and --tokens. Each line of the tokens' "
    "file has a name, read or write, and a token of 20 characters or more.",
)
def view(
    subject: PlaceArgument = None,
    host: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Listen on this address of the machine.")
    ] = "127.0.0.1",
    port: Annotated[
        int,
        typer.Option(
            metavar="N", min=0, max=65535, help="Listen on this port, or 0 for a free one."
        ),
    ] = _PORT,
    names: Annotated[
        list[str] | None,
        typer.Option(
            "--hostname",
            metavar="HOST[:PORT]",
            help="Answer to this name as well; may be repeated.",
        ),
    ] = None,
    tokens: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Require one of the tokens in this file.")
    ] = None,
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Open the page in a browser.")
    ] = True,
    originals: Annotated[
        bool,
        typer.Option(
            "--originals", help="Show images and videos unblurred where the place blurs them."
        ),
    ] = False,
    export: Annotated[
        str | None,
        typer.Option(
            "--export",
            metavar="FOLDER",
            help="Write the page as a folder that opens from disk, and serve nothing.",
        ),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="With --export, replace an earlier export.")
    ] = False,
    warehouse: Annotated[
        str | None,
        typer.Option(
            metavar="URI",
            help="Read the tables of bq://PROJECT.DATASET instead of the place's ledgers, labels "
            "and versions; images stay those of the place.",
        ),
    ] = None,
    place: Place = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Look at videos, images, labels and versions on a page."""
    from vidset.cli.console import say, show_problems, working
    from vidset.cli.results import as_object, print_json
    from vidset.project import find_project

    project = find_project(only_place(subject, place))
    if export is not None:
        if host != "127.0.0.1" or names or tokens:
            raise ValueError(
                "--export serves nothing: --host, --hostname and --tokens are for a page "
                "that is served"
            )
        _export(
            project,
            export,
            overwrite=overwrite,
            originals=originals,
            warehouse=warehouse,
            quiet=quiet,
            as_json=as_json,
        )
        return
    with working("Reading the place", show=not (as_json or quiet)):
        from ipaddress import ip_address

        from vidset.listening import listen, url_of
        from vidset.view.access import Access, read_tokens
        from vidset.view.app import View
        from vidset.view.serving import serve

        known = read_tokens(tokens) if tokens else []
        if not (host == "localhost" or ip_address(host).is_loopback) and not known:
            raise ValueError(
                f"--host {host}: everybody who reaches this address could look and mark; "
                "give --tokens FILE as well"
            )
        listening = listen(host, port)
        actual = listening.getsockname()[1]
        shown = View(
            project, shows_originals=originals, warehouse=warehouse, when_read=show_problems
        )
    url = f"{url_of(listening)}/"

    def ready() -> None:
        if as_json:
            print_json(as_object(Viewing(project.place, url), None))
        elif not quiet:
            say(url)
            say("Ctrl-C stops it")
        if browser and not as_json and not known:
            import webbrowser

            webbrowser.open(url)

    serve(shown, Access.of(host, actual, names or [], known), listening, ready)


def _export(
    project: "Project",
    to: str,
    *,
    overwrite: bool,
    originals: bool,
    warehouse: str | None,
    quiet: bool,
    as_json: bool,
) -> None:
    from vidset.cli.console import answer, plural, say, show_problems, working
    from vidset.output import local_path, make_folder_of

    folder = local_path("--export", to).absolute()
    _check_folder(folder, overwrite=overwrite)
    make_folder_of("--export", folder)
    with working("Reading the place", show=not (as_json or quiet)) as update:
        from vidset.view.app import View
        from vidset.view.export import export

        view = View(project, shows_originals=originals, warehouse=warehouse)
        try:
            done = export(view, folder, update)
        finally:
            view.close()
    result = Viewing(project.place, None, str(folder), done.images, done.size_bytes, done.problems)
    page = folder / "index.html"
    size = f"{done.size_bytes / 1e6:,.1f} MB"
    if not as_json:
        show_problems(done.problems)
    answer(
        result,
        lambda: say(f"{page} ({plural(done.images, 'image')}, {size})"),
        as_json=as_json,
        quiet=quiet,
    )
    if done.problems:
        raise typer.Exit(1)


def _check_folder(folder: Path, *, overwrite: bool) -> None:
    """Check that an export may be written to a folder.

    Raises:
        ValueError: there is something that is no export, or one and `overwrite` is not given.
    """
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    if not (folder / "data" / "index.js").is_file():
        raise ValueError(f"--export {folder}: wanted a new folder, got one that holds other things")
    if not overwrite:
        raise ValueError(f"--export {folder} exists: --overwrite replaces an earlier export")
