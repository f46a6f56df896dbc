"""The console script: it runs a command and turns what it raises into a message and an exit code.

0: done; 1: some inputs failed or a gate refused; 2: bad usage or configuration, before any work;
130: Ctrl-C; 143: SIGTERM.
"""

import logging
import os
import re
import sys
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NoReturn

import typer
from typer.core import TyperGroup

from vidset.cli.command import description_of, tree_of
from vidset.cli.parts import part_of
from vidset.cli.results import print_error
from vidset.cli.stopping import Stop, stopped_by_signals
from vidset.naming import visible
from vidset.storage.errors import StoreRefusedError
from vidset.suggestions import did_you_mean

# What typer raises on bad usage, whether it brings click along or imports it.
USAGE_ERROR: Any = typer.BadParameter.__mro__[1]
_NO_ARGUMENTS = "NoArgsIsHelpError"
# What typer returns for a KeyboardInterrupt, whichever signal it stands for.
_INTERRUPTED = 130
_CONFIGURATION = "configuration"
# Of a store that refuses, by the scheme of its uris.
_ACCESS = {
    "gs": "Credentials are Google Cloud's application default: gcloud auth application-default "
    "login. The account needs a role on the bucket, such as Storage Object User.",
    "s3": "Credentials are those of AWS's tools: AWS_PROFILE, or AWS_ACCESS_KEY_ID and "
    "AWS_SECRET_ACCESS_KEY. Another server than AWS is named by AWS_ENDPOINT_URL.",
}
# So many faults stand on the screen, and so much of each.
_NAMED_FAULTS, _FAULT_LETTERS = 40, 400


def run(app: typer.Typer, arguments: Sequence[str] | None = None) -> NoReturn:
    """Run one command and exit."""
    mine, beam = split(list(sys.argv[1:] if arguments is None else arguments))
    # Beam tells at length what it does, from its import on; errors still come as exceptions.
    logging.disable(logging.CRITICAL)
    _reach_this_machine_directly()
    if "_VIDSET_COMPLETE" in os.environ:
        from typer.completion import completion_init

        completion_init()
    tree = tree_of(app)
    with stopped_by_signals() as stop:
        try:
            code = tree.main(mine, prog_name="vidset", standalone_mode=False, obj=beam)
        except (USAGE_ERROR, ValueError, RuntimeError, ImportError, OSError) as error:
            code = _explain(error, tree, mine)
        except _google_refusals() as error:
            if "--debug" in mine:
                raise
            said = f"Google Cloud refuses it: {error}"
            code = _refuse(_CONFIGURATION, said, _ACCESS["gs"], mine)
        except KeyboardInterrupt:
            code = _INTERRUPTED
        if code == _INTERRUPTED and stop.number is not None:
            code = _say_stopped(stop, mine)
    sys.exit(code or 0)


def _google_refusals() -> tuple[type[Exception], ...]:
    """Return the errors by which Firestore, BigQuery and Pub/Sub say that one may not ask them.

    Where their modules are not imported, nobody has asked.
    """
    api = sys.modules.get("google.api_core.exceptions")
    auth = sys.modules.get("google.auth.exceptions")
    of_api = () if api is None else (api.Forbidden, api.Unauthorized)
    return of_api if auth is None else (*of_api, auth.GoogleAuthError)


def split(arguments: list[str]) -> tuple[list[str], list[str]]:
    """Part what is ours from what stands after `--`."""
    if "--" not in arguments:
        return arguments, []
    place = arguments.index("--")
    return arguments[:place], arguments[place + 1 :]


def _explain(error: Any, tree: Any, words: list[str]) -> int:
    """Say what went wrong; the exit code. Raises the error again where --debug asks for it."""
    if isinstance(error, USAGE_ERROR):
        if type(error).__name__ == _NO_ARGUMENTS and "--json" not in words:
            error.show()
            return 2
        return _refuse("usage", _usage_message(error, words), _usage_hint(error), words)
    if isinstance(error, ImportError):
        command = _command(tree, words)
        part = part_of(error.name or "", description_of(command).part)
        if part is None:
            raise error
        message = f'this command needs pip install "vidset[{part}]" ({error})'
        return _refuse("missing_part", message, "", words)
    if isinstance(error, UnicodeDecodeError) and "--debug" not in words:
        # Whatever reads a file of the user's names the file: this came from elsewhere.
        _refuse("failed", f"what was read is no text: {error}", "--debug tells where.", words)
        return 1
    if isinstance(error, ValueError) and not isinstance(error, UnicodeDecodeError):
        code, exit_code = _kind(error)
        _refuse(code, _with_faults(error, words), getattr(error, "hint", ""), words)
        return exit_code
    if "--debug" in words or isinstance(error, UnicodeDecodeError):
        raise error
    code, message, hint = _failure(error)
    _refuse(code, message, hint, words)
    return 2 if code == _CONFIGURATION else 1


def _failure(error: OSError | RuntimeError) -> tuple[str, str, str]:
    """Return code, message and hint for what went wrong during the work."""
    if isinstance(error, StoreRefusedError):
        return _CONFIGURATION, str(error), _ACCESS.get(str(error)[:2], "")
    if isinstance(error, OSError):
        return "failed", _of_file(error), ""
    if isinstance(error, typer.Abort):
        return "interrupted", "no answer was given", ""
    lines = [line for line in str(error).splitlines() if line.strip()]
    # A runner reports a failed job as the text of the worker's traceback.
    reason = lines[-1] if lines else type(error).__name__
    way_on = "What is done stays done: the same command goes on from there. --debug tells more."
    return "failed", f"the job failed: {reason}", way_on


def _refuse(code: str, message: str, hint: str, words: list[str]) -> int:
    typer.echo(visible(f"vidset: {message}"), err=True)
    if hint:
        typer.echo(visible(hint), err=True)
    if "--json" in words:
        print_error(code, message, hint)
    return 2


def _with_faults(error: ValueError, words: list[str]) -> str:
    """Return the message, with some of its faults where it has many: --json has them all."""
    faults = getattr(error, "faults", ())
    if type(error).__name__ != "FaultsError" or "--json" in words:
        return str(error)
    lines = [getattr(error, "summary", "")]
    for fault in faults[:_NAMED_FAULTS]:
        is_long = len(fault) > _FAULT_LETTERS
        lines.append(f"{fault[:_FAULT_LETTERS]} ..." if is_long else fault)
    if (more := len(faults) - _NAMED_FAULTS) > 0:
        lines.append(f"{more:,} more: --json names all")
    return "\n  ".join(lines)


def _kind(error: ValueError) -> tuple[str, int]:
    """Tell what the data refuses (exit code 1) from what the configuration does (2)."""
    if (name := type(error).__name__) == "FaultsError":
        return "faults", 1
    if name == "StepError":  # As the step's own command: 2 is a matter of configuration.
        return "failed", 2 if getattr(error, "code", 1) == 2 else 1
    return ("unknown_version" if name == "UnknownVersionError" else _CONFIGURATION), 2


def _usage_message(error: Any, words: list[str]) -> str:
    if not (near := getattr(error, "possibilities", None)):
        return _plain(error, words)
    return f"{error.message.rstrip('.')}. Did you mean {' or '.join(sorted(near))}?"


def _plain(error: Any, words: list[str]) -> str:
    """Say of a value that does not do what was wanted and what was got."""
    message = error.format_message().replace("Value error, ", "")
    parsed = re.search(r"Input should be a valid (\w+), unable to parse .*", message)
    if parsed:
        wanted = "a whole number" if parsed[1] == "integer" else f"a {parsed[1]}"
        got = _given(getattr(error, "param", None), words)
        message = message.replace(parsed[0], f"wanted {wanted}{got}")
    bounds = {"greater than or equal to": "or more", "less than or equal to": "or less"}
    if bound := re.search(r"Input should be (.*) ([\d.]+)", message):
        got = _given(getattr(error, "param", None), words)
        message = message.replace(bound[0], f"wanted {bound[2]} {bounds.get(bound[1], '')}{got}")
    if choice := re.search(r"'([^']*)' is not one of (.*)", message):
        known = re.findall(r"'([^']*)'", choice[2])
        message = f"{message.rstrip('.')}.{did_you_mean(choice[1], known)}"
    return message


def _given(parameter: Any, words: list[str]) -> str:
    """Write ", got 'x'" for the value that was typed for an option; empty if it is not found."""
    for word, after in pairwise([*words, ""]):
        name, equals, value = word.partition("=")
        if name in getattr(parameter, "opts", ()):
            return f", got {(value if equals else after)!r}"
    return ""


def _usage_hint(error: Any) -> str:
    context = error.ctx
    if context is None:
        return ""
    words = context.command_path.removeprefix("vidset").strip()
    what = "commands" if isinstance(context.command, TyperGroup) else "arguments and options"
    return f"{f'vidset help {words}'.strip()} shows the {what}."


def _command(tree: Any, words: list[str]) -> Any:
    """Find the command that the words name."""
    for word in words:
        if isinstance(tree, TyperGroup) and word in tree.commands:
            tree = tree.commands[word]
    return tree


def _of_file(error: OSError) -> str:
    reason = error.strerror or str(error) or type(error).__name__
    return f"{error.filename}: {reason}" if error.filename else reason


def _say_stopped(stop: Stop, words: list[str]) -> int:
    name = "terminated" if stop.exit_code == 143 else "interrupted"
    typer.echo(f"vidset: stopped. {stop.way_on}".rstrip(), err=True)
    if "--json" in words:
        print_error(name, "stopped", stop.way_on)
    return stop.exit_code


def _reach_this_machine_directly() -> None:
    """Workers and local servers are on this machine: a proxy would look for them elsewhere."""
    for name in "no_proxy", "NO_PROXY":
        given = os.environ.get(name)
        os.environ[name] = f"{given},127.0.0.1,localhost" if given else "127.0.0.1,localhost"
