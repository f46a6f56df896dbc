"""Runs a compiled pipeline, once or on a schedule: at Kubeflow Pipelines, or on Vertex AI."""

import re
import sys
from collections.abc import Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from vidset.training.pipelines.loop import NAME
from vidset.training.pipelines.submitted import RunAs, Submitted
from vidset.training.pipelines.vertex import Vertex

_VERTEX = re.compile(r"vertex:([a-z][a-z0-9.:-]{4,62})/([a-z]+-[a-z]+\d+)")
_CRON = re.compile(r"([0-9A-Za-z*/,-]+\s+){4}[0-9A-Za-z*/,-]+")
_EXPERIMENT = "vidset"


class Target(Protocol):
    """A server that runs pipelines."""

    def submit(
        self, path: Path, parameters: Mapping[str, Any], schedule: str | None = None
    ) -> Submitted:
        """Run a compiled pipeline, or make a schedule that does.

        Args:
            schedule: when to run it again and again: five fields of cron, in UTC.

        Raises:
            ValueError: the server refuses it, with what it says.
        """
        ...


def check_schedule(text: str | None) -> str | None:
    """Return a schedule as it is.

    Raises:
        ValueError: it has not five fields of cron.
    """
    if text is not None and not _CRON.fullmatch(text.strip()):
        raise ValueError(
            f"--schedule: wanted five fields of cron, such as '0 3 * * 1', got {text!r}"
        )
    return text and text.strip()


def parse_target(
    url: str | None,
    root: str | None,
    run_as: RunAs | None = None,
    *,
    unless_running: bool = False,
) -> Target | None:
    """Understand --submit and what belongs to it; None where nothing is to be submitted.

    Raises:
        ValueError: it is neither kind of place, or Vertex AI would have nowhere to write, or an
            option has nothing to belong to.
    """
    run_as = run_as or RunAs()
    of_vertex = {**run_as.options(), "--unless-running": unless_running}
    if url is None:
        for option, value in {"--root": root, **of_vertex}.items():
            if value:
                raise ValueError(f"{option}: wanted --submit beside it")
        return None
    if match := _VERTEX.fullmatch(url):
        if root is None or not root.startswith("gs://"):
            raise ValueError(f"--root: wanted gs://BUCKET/PREFIX for Vertex AI, got {root!r}")
        return Vertex(match[1], match[2], root, run_as, unless_running)
    if url.startswith(("https://", "http://")):
        for option, value in of_vertex.items():
            if value and option != "--service-account":
                raise ValueError(f"{option}: wanted --submit vertex:PROJECT/LOCATION, got {url!r}")
        return Kubeflow(url, root, run_as.service_account)
    raise ValueError(f"--submit: wanted https://HOST or vertex:PROJECT/LOCATION, got {url!r}")


@dataclass(frozen=True, slots=True)
class Kubeflow:
    """An endpoint of Kubeflow Pipelines, by its own client, which finds credentials as it does."""

    url: str
    root: str | None = None
    service_account: str | None = None

    def submit(
        self, path: Path, parameters: Mapping[str, Any], schedule: str | None = None
    ) -> Submitted:
        from kfp.client import Client
        from kfp_server_api import ApiException
        from urllib3.exceptions import HTTPError

        try:
            # What it says of its pages goes beside the result, not into it.
            with redirect_stdout(sys.stderr):
                client = Client(host=self.url)
                if schedule is not None:
                    experiment = client.create_experiment(_EXPERIMENT)
                    made = client.create_recurring_run(
                        str(experiment.experiment_id),
                        NAME,
                        cron_expression=f"0 {schedule}",  # Seconds come first there.
                        max_concurrency=1,
                        no_catchup=True,
                        params=dict(parameters),
                        pipeline_package_path=str(path),
                        pipeline_root=self.root,
                        service_account=self.service_account,
                    )
                    return Submitted(str(made.recurring_run_id))
                run = client.create_run_from_pipeline_package(
                    str(path),
                    arguments=dict(parameters),
                    experiment_name=_EXPERIMENT,
                    pipeline_root=self.root,
                    service_account=self.service_account,
                )
        except (ApiException, HTTPError, OSError, RuntimeError) as error:
            raise ValueError(f"{self.url}: wanted a run of the pipeline: {error}") from None
        return Submitted(str(run.run_id))
