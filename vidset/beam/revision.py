"""The version of the worker image: a job's launcher and its workers must have the same."""

import os

# The Dockerfile sets it; outside of the image there is one version alone, and no need of a name.
VARIABLE = "VIDSET_REVISION"


class OtherRevisionError(RuntimeError):
    """The workers' image is not the one that launched the job."""


def revision() -> str:
    """Return the commit that this process's image was built from, or "" outside of an image."""
    return os.environ.get(VARIABLE, "")


def check_revision(launched: str) -> None:
    """Compare the launcher's revision with this worker's.

    Raises:
        OtherRevisionError: they differ.
    """
    if launched != (mine := revision()):
        raise OtherRevisionError(
            f"revision {launched or '(none)'} launched the job, and its workers have revision "
            f"{mine or '(none)'}: run `make template` for the workers' image and start it again"
        )
