"""`vidset dataset`: dataset versions."""

import typer

app = typer.Typer(help="Dataset versions.", no_args_is_help=True)


@app.callback()
def _dataset() -> None:
    pass
