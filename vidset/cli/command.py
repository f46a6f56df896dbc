"""Commands describe themselves here, and their help is laid out here.

A command is a function with `@described(...)`, whose docstring begins with one line that fits
into the list of commands. Help is plain text of at most 80 columns.
"""

import functools
import inspect
import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

import typer
from typer.core import TyperCommand, TyperGroup

from vidset.cli.flags import COMMON
from vidset.suggestions import did_you_mean

Function = TypeVar("Function", bound=Callable[..., Any])
_DEFAULT_IN_PARENTHESES = re.compile(r"\[default: \((.*?)\)(; .*)?\]$")
# Of an argument the usage line says it already.
_REQUIRED = re.compile(r"(; )?required\]$")
_TYPES = {"<int>": "N", "<float>": "NUMBER", "<str>": "TEXT", "<path>": "PATH"}
# The order of a project's work. A command without a stage stands before the help.
_STAGES = ("Begin", "Videos", "Labels", "Datasets", "Models", "Commands", "Help")
_HELP_NAMES = ["-h", "--help"]
_RANGES = {"<int range>": "N", "<float range>": "NUMBER"}


@dataclass(frozen=True, slots=True)
class Description:
    """A description of a command, beyond what its function says by itself.

    Attributes:
        examples: two lines to copy, each a whole command.
        part: the optional part of the package that it needs.
        result: the type of what --json prints, as "module:Name"; None if it prints none.
        stage: the heading that it stands under in the list of all commands.
        note: a paragraph at the end of its help.
    """

    examples: tuple[str, ...] = ()
    part: str | None = None
    result: str | None = None
    stage: str = ""
    note: str = ""


def described(
    *examples: str,
    part: str | None = None,
    result: str | None = None,
    stage: str = "",
    note: str = "",
) -> Callable[[Function], Function]:
    """Attach a `Description` to a command's function."""

    def attach(function: Function) -> Function:
        function.description = Description(examples, part, result, stage, note)  # type: ignore[attr-defined]
        return function

    return attach


def description_of(command: object) -> Description:
    """Return what `described` attached to a command's function; else an empty description."""
    return getattr(getattr(command, "callback", None), "description", Description())


def summary_of(command: Any) -> str:
    """Return the first line of a command's help."""
    return inspect.cleandoc(command.help or "").partition("\n")[0]


def group(help: str) -> typer.Typer:  # noqa: A002
    """Make a group of commands, such as `vidset dataset`."""
    return typer.Typer(cls=Group, help=help, no_args_is_help=True, rich_markup_mode=None)


def add(app: typer.Typer, function: Callable[..., Any], name: str | None = None) -> None:
    """Add a command to the app or to a group, under its function's name unless one is given."""
    app.command(name=name, cls=Command)(function)


@functools.cache
def tree_of(app: typer.Typer) -> Any:
    """Return an app's commands as typer runs them, made once: that takes longer than most run."""
    return typer.main.get_command(app)


class Command(TyperCommand):
    """A command whose help has its own options, those of every command, and examples."""

    def get_short_help_str(self, limit: int = 45) -> str:
        return summary_of(self)

    def get_help_option_names(self, ctx: Any) -> list[str]:
        """Return the same for each context: a command keeps the option that it makes of them."""
        return _HELP_NAMES

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Refuse an option with a value that is given twice: only one of them would count."""
        order: list[Any]
        _, _, order = self.make_parser(ctx).parse_args(args=list(args))
        given = Counter(each.name for each in order)
        for each in order:
            takes_one = each.param_type_name == "option" and not (each.multiple or each.is_flag)
            if takes_one and given[each.name] > 1:
                ctx.fail(f"{' / '.join(each.opts)} is given {given[each.name]} times, wanted once")
        return super().parse_args(ctx, args)

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """The subject stands before the options."""
        arguments = [each for each in self.get_params(ctx) if each.param_type_name == "argument"]
        return [*map(_usage, arguments), *([self.options_metavar] if self.options_metavar else [])]

    def format_options(self, ctx: Any, formatter: Any) -> None:
        arguments, own, common = [], [], []
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is None:
                continue
            if parameter.param_type_name == "argument":
                text = _REQUIRED.sub("]", _plain_default(record[1])).removesuffix("  []")
                arguments.append((_usage(parameter).strip("[]"), text.removesuffix("[]").rstrip()))
            else:
                section = common if COMMON.intersection(parameter.opts) else own
                section.append((_plain_type(record[0]), _plain_default(record[1])))
        for title, rows in ("Arguments", arguments), ("Options", own), ("Common options", common):
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        description = description_of(self)
        if description.note:
            formatter.write_paragraph()
            formatter.write_text(description.note)
        _write_examples(description.examples, formatter)


class Group(TyperGroup):
    """Commands under the headings of their stages, each with a whole line."""

    command_class = Command

    def get_short_help_str(self, limit: int = 45) -> str:
        return summary_of(self)

    def get_help_option_names(self, ctx: Any) -> list[str]:
        """Return the same for each context, as of a command."""
        return _HELP_NAMES

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        return ["COMMAND [ARGUMENTS] [OPTIONS]"]

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Name the command that was probably meant where there is none of that name."""
        name = args[0]
        if not (name.startswith("-") or name in self.commands or ctx.resilient_parsing):
            ctx.fail(f"There is no command {name!r}.{did_you_mean(name, self.commands)}")
        return super().resolve_command(ctx, args)

    def format_options(self, ctx: Any, formatter: Any) -> None:
        self.format_commands(ctx, formatter)
        rows = [record for each in self.get_params(ctx) if (record := each.get_help_record(ctx))]
        with formatter.section("Options"):
            formatter.write_dl(rows)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        stages: dict[str, list[tuple[str, str]]] = {}
        groups_first = sorted(
            self.commands.items(), key=lambda each: not isinstance(each[1], Group)
        )
        for name, command in groups_first:
            if not command.hidden:
                row = (name, summary_of(command))
                stages.setdefault(stage_of(command) or "Commands", []).append(row)
        width = max(len(name) for rows in stages.values() for name, _ in rows)
        for stage in sorted(stages, key=_STAGES.index):
            rows = stages[stage]
            with formatter.section(stage):
                formatter.write_dl([(name.ljust(width), text) for name, text in rows])

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        if self.epilog:
            _write_examples(self.epilog.splitlines(), formatter)


def stage_of(command: Any) -> str:
    """Return the heading of a command, or of a group by that of its first command."""
    if isinstance(command, TyperGroup):
        return getattr(command, "rich_help_panel", None) or ""
    return description_of(command).stage


def _write_examples(lines: Iterable[str], formatter: Any) -> None:
    if lines := list(lines):
        with formatter.section("Examples"):
            for line in lines:
                formatter.write(f"{'':>{formatter.current_indent}}{line}\n")


def _usage(argument: Any) -> str:
    name = argument.metavar or argument.name.upper()
    if argument.nargs != 1 and not name.endswith("..."):
        name += "..."
    return name if argument.required else f"[{name}]"


def _plain_type(left: str) -> str:
    for written, plain in {**_RANGES, **_TYPES}.items():
        left = left.replace(written, plain)
    return re.sub(r"<([^<>]*\|[^<>]*)>", r"\1", left)


def _plain_default(text: str) -> str:
    """Write [default: the newest] for [default: (the newest)]; ranges go."""
    text = re.sub(r"(; )?([\d.]+<=x<=[\d.]+|x>=[\d.]+|x<=[\d.]+)(?=; required|\]$)", "", text)
    text = text.replace("[; required]", "[required]")
    text = re.sub(r"\s*\[\]$", "", text)
    return _DEFAULT_IN_PARENTHESES.sub(r"[default: \1]", text).strip()
