"""The launcher of the Flex Templates runs this: the job whose own required option is given.

    python launch.py --images=gs://... --ledger=bq://... --input_subscription=...   the ingest job
    python launch.py --store=firestore://... --warehouse=bq://...                    the export job

One image serves two templates, and an image names one main program.
"""

import importlib
import signal
import sys
from collections.abc import Iterator, Sequence

from apache_beam.options.pipeline_options import PipelineOptions

from vidset.beam.updating import check_running

_JOBS = {"--images": "vidset.beam.ingest_job", "--store": "vidset.beam.export_job"}
# A template's parameters always have a value: --full=true rather than --full.
_FLAGS = ("--full", "--update")
# A launcher that hangs must end before Terraform gives up on the job. That is after 20 minutes, for
# which the provider has no setting. An apply then says that the job failed; a new one can start.
LIMIT_SECONDS = 15 * 60
# Terraform's provider reads these options of a job back, and knows only their Java names. What it
# does not find it takes for a change: every apply would replace the running job.
_JAVA_NAMES = {
    "--max_num_workers": "--maxNumWorkers",
    "--machine_type": "--workerMachineType",
    "--sdk_container_image": "--sdkContainerImage",
    "--staging_location": "--stagingLocation",
    "--temp_location": "--tempLocation",
}


class _ReadBack(PipelineOptions):
    """The Java names are options as well, or the jobs would refuse them as unknown ones."""

    @classmethod
    def _add_argparse_args(cls, parser):
        for name in _JAVA_NAMES.values():
            # The provider takes a number of workers only if it is a number.
            kind = int if name == "--maxNumWorkers" else str
            parser.add_argument(name, type=kind, help="Never given: see _read_back.")


def main(argv: Sequence[str]) -> int:
    """Run the job; its exit code, or 2 if it is not clear which one is meant."""
    names = {argument.partition("=")[0] for argument in argv}
    jobs = [job for option, job in _JOBS.items() if option in names]
    if len(jobs) != 1:
        wanted = " or ".join(f"{option} ({job})" for option, job in _JOBS.items())
        got = ", ".join(sorted(names)) or "no options"
        print(f"launch: wanted either {wanted}; got {got}", file=sys.stderr)
        return 2
    try:
        arguments = [kept for argument in argv for kept in _plain(argument)]
        _limit_time()
        if "--update" in arguments:
            check_running(PipelineOptions(arguments))
    except ValueError as error:
        print(f"launch: {error}", file=sys.stderr)
        return 2
    return importlib.import_module(jobs[0]).main([*arguments, *_read_back(arguments)])


def _limit_time() -> None:
    def give_up(*_: object) -> None:
        raise SystemExit(
            f"launch: no job was started within {LIMIT_SECONDS} seconds; the lines above say what "
            "was waited for. Nothing runs that did not run before: start it again"
        )

    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(LIMIT_SECONDS)


def _plain(argument: str) -> list[str]:
    """An argument as the jobs take it: a flag without its value, or not at all."""
    name, _, value = argument.partition("=")
    if name not in _FLAGS or not value:
        return [argument]
    if value not in ("true", "false"):
        raise ValueError(f"{name} must be true or false, got {value!r}")
    return [name] if value == "true" else []


def _read_back(arguments: Sequence[str]) -> Iterator[str]:
    """Returns the options of `_JAVA_NAMES` that are given, once more, by their Java names."""
    for argument in arguments:
        name, equals, value = argument.partition("=")
        if equals and name in _JAVA_NAMES:
            yield f"{_JAVA_NAMES[name]}={value}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
