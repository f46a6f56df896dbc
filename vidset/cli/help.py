"""`vidset help` and `vidset completion`."""

from enum import StrEnum
from typing import Annotated

import typer
from typer.core import TyperGroup

from vidset.cli.command import described
from vidset.suggestions import did_you_mean


class Shell(StrEnum):
    """The shells that `vidset completion` knows."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


@described("vidset help extract", "vidset help dataset create", stage="Help")
def help_(
    context: typer.Context,
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="COMMAND", help="A command's words.", show_default="all commands"),
    ] = None,
) -> None:
    """Show the help of a command, as its --help does."""
    assert context.parent is not None  # noqa: S101 (it is a command of the app)
    here, command = context.parent, context.parent.command
    for word in words or ():
        known = command.commands if isinstance(command, TyperGroup) else {}
        if word not in known:
            raise ValueError(f"there is no command {word!r}.{did_you_mean(word, known)}")
        command = known[word]
        here = typer.Context(command, parent=here, info_name=word)  # type: ignore[arg-type]
    typer.echo(command.get_help(here))


@described(
    'eval "$(vidset completion bash)"',
    "vidset completion fish > ~/.config/fish/completions/vidset.fish",
    stage="Help",
)
def completion(
    shell: Annotated[Shell, typer.Argument(metavar="SHELL", help="bash, zsh or fish.")],
) -> None:
    """Print what makes a shell complete commands, versions and runs."""
    from typer.completion import get_completion_script

    typer.echo(
        get_completion_script(
            prog_name="vidset", complete_var="_VIDSET_COMPLETE", shell=shell.value
        )
    )
