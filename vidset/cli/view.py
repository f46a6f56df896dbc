"""`vidset view`: the page of a place."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from vidset.cli.command import described
from vidset.cli.flags import Json, Place, PlaceArgument, Quiet
from vidset.cli.places import only_place

_PORT = 8770


@dataclass(frozen=True, slots=True)
class Viewing:
    """The object that --json prints once the page answers."""

    place: str
    url: str


@described(
    "vidset view",
    "vidset view roads --port 0",
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
    place: Place = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Look at videos, images, labels and versions on a page."""
    from vidset.cli.console import say, show_problems, working
    from vidset.cli.results import as_object, print_json
    from vidset.project import find_project

    project = find_project(only_place(subject, place))
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
        shown = View(project, shows_originals=originals)
    url = f"{url_of(listening)}/"
    show_problems(shown.catalog.problems)

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
