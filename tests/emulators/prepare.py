"""Install the tools that tests run in environments of their own, before any test is timed.

    python -m tests.emulators.prepare

`make test` does this first. What is installed already costs nothing; what cannot be installed is
named, and its tests skip, or fail where VIDSET_REQUIRE_TOOLS=1.
"""

import sys
from collections.abc import Callable, Iterator
from functools import partial

from infra.check import providers
from tests.emulators.environments import own_python
from tests.emulators.label_studio import own_python_and_data
from tests.emulators.node import node_modules
from tests.emulators.servers import ToolMissingError
from tests.paths import ROOT

_SECONDS = 1800.0
# By name: the requirements, below the checkout. All of these name every dependency.
ENVIRONMENTS = {
    "cloud-run-image": "docker/cloud_run/requirements.txt",
    "checkov": "tests/infra/check/checkov-requirements.txt",
    "dvc": "tests/cli/dataset/dvc-requirements.txt",
    "image-similarity-measures": "tests/filtering/oracle/requirements.txt",
    "linters": "tests/docker/linters-requirements.txt",
    "oldest-pip": "tests/docker/oldest-pip-requirements.txt",
    "onprem": "deploy/onprem/requirements.txt",
    "readers-of-exports": "tests/readers/requirements.txt",
    "trackers": "tests/training/running/trackers-requirements.txt",
    "vertex": "tests/training/pipelines/vertex-requirements.txt",
    "worker-image": "docker/beam/requirements.txt",
}
# These leave it to the installer to find what they need.
OPEN_ENVIRONMENTS = {
    "bqemulator": "tests/emulators/bigquery-requirements.txt",
    "browser": "tests/emulators/browser-requirements.txt",
    "compose-spec": "tests/watch/compose-requirements.txt",
    "label-studio": "tests/emulators/label-studio-requirements.txt",
}
# Below the checkout: what npm locks for tests that run it. infra/check keeps its own.
NODE_PACKAGES = ("tests/view/node",)
MISSING = (ToolMissingError, providers.ToolMissingError)


def main() -> int:
    """Install what is missing; the exit code is 0 even if something cannot be had."""
    print("Installing what the tests run beside themselves (once) ...", flush=True)
    for install in _installations():
        try:
            install()
        except MISSING as missing:
            print(f"  {missing}", file=sys.stderr)
    return 0


def _installations() -> Iterator[Callable[[], object]]:
    for name, path in (ENVIRONMENTS | OPEN_ENVIRONMENTS).items():
        is_complete = name not in OPEN_ENVIRONMENTS
        yield partial(own_python, name, ROOT / path, _SECONDS, is_complete=is_complete)
    yield own_python_and_data
    for path in NODE_PACKAGES:
        yield partial(node_modules, ROOT / path)
    yield providers.load_providers


if __name__ == "__main__":
    sys.exit(main())
