"""The command line. What does the work is imported by the command: parts may be absent."""

from collections.abc import Sequence
from typing import Annotated, NoReturn

import typer

from vidset.cli import running
from vidset.cli.backup import backup, restore
from vidset.cli.blur import blur
from vidset.cli.command import Group, add
from vidset.cli.dataset.commands import app as dataset
from vidset.cli.demo.command import demo
from vidset.cli.duplicates.command import duplicates
from vidset.cli.errors.errors import errors
from vidset.cli.errors.review import review
from vidset.cli.export.commands import export, sql, sync
from vidset.cli.extract.command import extract
from vidset.cli.forget import forget
from vidset.cli.help import completion, help_
from vidset.cli.init import init
from vidset.cli.label.commands import app as label
from vidset.cli.loop import loop
from vidset.cli.pipeline.pipeline import pipeline
from vidset.cli.plan.command import plan
from vidset.cli.predict.predict import predict
from vidset.cli.rights import rights
from vidset.cli.select.select import select
from vidset.cli.starting import print_version
from vidset.cli.status import status
from vidset.cli.trace import trace
from vidset.cli.train.compare import compare
from vidset.cli.train.evaluate import evaluate
from vidset.cli.train.train import train
from vidset.cli.upgrade import upgrade
from vidset.cli.upload import upload
from vidset.cli.view import view
from vidset.cli.watch import watch

app = typer.Typer(
    name="vidset",
    help="Uploaded videos become a labeled, versioned, queryable image dataset.",
    cls=Group,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        print_version()
        raise typer.Exit


@app.callback()
def _common(
    show_version: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=_show_version,
            is_eager=True,
            help="Show the version and exit.",
        ),
    ] = False,
) -> None:
    pass


add(app, init)
add(app, status)
add(app, view)
add(app, backup)
add(app, restore)
add(app, upgrade)
add(app, demo)
add(app, extract)
add(app, watch)
add(app, upload)
add(app, blur)
add(app, plan)
add(app, rights)
add(app, forget)
add(app, duplicates)
add(app, select)
app.add_typer(label, name="label", rich_help_panel="Labels")
add(app, export)
add(app, sync)
add(app, sql)
app.add_typer(dataset, name="dataset", rich_help_panel="Datasets")
add(app, trace)
add(app, train)
add(app, evaluate)
add(app, compare)
add(app, errors)
add(app, review)
add(app, loop)
add(app, predict)
add(app, pipeline)
add(app, help_, "help")
add(app, completion)


def run(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the console script. It exits with 0, 1, 2, 130 or 143; see vidset.cli.running."""
    running.run(app, arguments)


if __name__ == "__main__":
    run()
