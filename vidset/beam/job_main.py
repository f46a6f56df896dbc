"""The parts that the jobs' command lines share."""

import argparse
import logging
import sys
from collections.abc import Callable, Sequence
from typing import TypeVar

from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.runner import PipelineResult

# What Beam's DirectRunner comes to for such pipelines, without first trying to download another.
LOCAL_BATCH = "apache_beam.runners.portability.fn_api_runner.fn_runner.FnApiRunner"
# So says a portable runner of a job that failed elsewhere; a traceback from here tells no more.
_FAILED = "failed in state"
_Settings = TypeVar("_Settings")


def run_job(
    module: str,
    description: str | None,
    parts: Sequence[type[PipelineOptions]],
    check: Callable[[Sequence[str]], tuple[PipelineOptions, _Settings]],
    start: Callable[[PipelineOptions, _Settings], PipelineResult],
    argv: Sequence[str] | None,
) -> int:
    """Check, start and, but for a Flex Template's launcher, wait; the exit code.

    It is 2 on bad options, and 1 if a portable runner says that the job failed.

    Args:
        parts: our options, for the help.
        check: arguments to what `start` takes; raises ValueError before anything has begun.
    """
    logging.basicConfig(level=logging.INFO)
    arguments = sys.argv[1:] if argv is None else argv
    if {"-h", "--help"} & set(arguments):
        _print_help(module, description, parts)
        return 0
    try:
        options, settings = check(arguments)
    except ValueError as error:
        print(f"{module}: {error}", file=sys.stderr)
        return 2
    result = start(options, settings)
    # A Flex Template's launcher ends here; the job goes on in Dataflow.
    if hasattr(result, "job_id"):
        return 0
    try:
        result.wait_until_finish()
    except RuntimeError as error:
        if _FAILED not in str(error):
            raise
        print(f"{module}: {error}. The same command goes on from there.", file=sys.stderr)
        return 1
    return 0


def check_names(options: PipelineOptions, runner: str | None) -> None:
    """Beam passes over what it does not know; a misspelt option must not be without effect.

    A portable runner's job server may know more options than are known here.

    Raises:
        ValueError: an option is not known.
    """
    if any(name in (runner or "").lower() for name in ("portable", "flink", "spark", "prism")):
        return
    known = options.get_all_options()
    unknown = set(options.get_all_options(retain_unknown_options=True)) - set(known)
    if unknown:
        raise ValueError(f"unknown options: {', '.join(f'--{name}' for name in sorted(unknown))}")


def _print_help(
    module: str, description: str | None, parts: Sequence[type[PipelineOptions]]
) -> None:
    """Our options. Beam's own, some hundred, are at https://beam.apache.org."""
    parser = argparse.ArgumentParser(
        prog=f"python -m vidset.beam.{module}",
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="Any option of Beam and of its runner may follow, as in --runner=DataflowRunner.",
    )
    for options in parts:
        options._add_argparse_args(parser)  # pyright: ignore[reportArgumentType]
    parser.print_help()
