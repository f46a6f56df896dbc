"""Runs a compiled pipeline, once or on a schedule: at Kubeflow Pipelines, or on Vertex AI.

Vertex AI takes the definition as JSON:
https://cloud.google.com/vertex-ai/docs/reference/rest/v1/projects.locations.pipelineJobs/create
https://cloud.google.com/vertex-ai/docs/reference/rest/v1/projects.locations.schedules/create
"""

import re
import sys
from collections.abc import Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import yaml

from vidset.training.pipelines.loop import NAME

_VERTEX = re.compile(r"vertex:([a-z][a-z0-9.:-]{4,62})/([a-z]+-[a-z]+\d+)")
_CRON = re.compile(r"([0-9A-Za-z*/,-]+\s+){4}[0-9A-Za-z*/,-]+")
_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
_EXPERIMENT = "vidset"
_WAIT_SECONDS = 60
_REFUSED = 400


class Target(Protocol):
    """A server that runs pipelines."""

    def submit(self, path: Path, parameters: Mapping[str, Any], schedule: str | None = None) -> str:
        """Run a compiled pipeline; returns what the server calls the run, or the schedule.

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


def parse_target(url: str | None, root: str | None) -> Target | None:
    """Understand --submit and --root; None where nothing is to be submitted.

    Raises:
        ValueError: it is neither kind of place, or Vertex AI would have nowhere to write.
    """
    if url is None:
        if root is not None:
            raise ValueError("--root: wanted --submit beside it")
        return None
    if match := _VERTEX.fullmatch(url):
        if root is None or not root.startswith("gs://"):
            raise ValueError(f"--root: wanted gs://BUCKET/PREFIX for Vertex AI, got {root!r}")
        return Vertex(match[1], match[2], root)
    if url.startswith(("https://", "http://")):
        return Kubeflow(url, root)
    raise ValueError(f"--submit: wanted https://HOST or vertex:PROJECT/LOCATION, got {url!r}")


@dataclass(frozen=True, slots=True)
class Kubeflow:
    """An endpoint of Kubeflow Pipelines, by its own client, which finds credentials as it does."""

    url: str
    root: str | None = None

    def submit(self, path: Path, parameters: Mapping[str, Any], schedule: str | None = None) -> str:
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
                    )
                    return str(made.recurring_run_id)
                run = client.create_run_from_pipeline_package(
                    str(path),
                    arguments=dict(parameters),
                    experiment_name=_EXPERIMENT,
                    pipeline_root=self.root,
                )
        except (ApiException, HTTPError, OSError, RuntimeError) as error:
            raise ValueError(f"{self.url}: wanted a run of the pipeline: {error}") from None
        return str(run.run_id)


@dataclass(frozen=True, slots=True)
class Vertex:
    """Vertex AI Pipelines.

    Attributes:
        endpoint: the API's; None for the location's own.
        session: what makes requests, as `requests.Session` does; None: with the credentials that
            Google's libraries find.
    """

    project: str
    location: str
    root: str
    endpoint: str | None = None
    session: Any = None

    def submit(self, path: Path, parameters: Mapping[str, Any], schedule: str | None = None) -> str:
        host = self.endpoint or f"https://{self.location}-aiplatform.googleapis.com"
        parent = f"projects/{self.project}/locations/{self.location}"
        body, kind = job_of(path, self.root, parameters), "pipelineJobs"
        if schedule is not None:
            body = {
                "displayName": NAME,
                "cron": f"TZ=Etc/UTC {schedule}",
                "maxConcurrentRunCount": "1",
                "createPipelineJobRequest": {"parent": parent, "pipelineJob": body},
            }
            kind = "schedules"
        session = self.session or _authorized()
        try:
            answer = session.post(f"{host}/v1/{parent}/{kind}", json=body, timeout=_WAIT_SECONDS)
        except OSError as error:  # What requests raises is one.
            raise ValueError(f"{host}: wanted a run of the pipeline: {error}") from None
        if answer.status_code >= _REFUSED:
            raise ValueError(f"{host}: wanted a run of the pipeline, got {answer.text[:1000]}")
        return str(answer.json()["name"])


def job_of(path: Path, root: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return a PipelineJob of Vertex AI for a compiled pipeline.

    Raises:
        ValueError: it has secrets or disks, which are Kubernetes' alone.
    """
    spec, *more = yaml.safe_load_all(path.read_text(encoding="utf-8"))
    if more:
        raise ValueError("--secret and --disk are for Kubernetes; Vertex AI has neither")
    return {
        "displayName": NAME,
        "pipelineSpec": spec,
        "runtimeConfig": {"gcsOutputDirectory": root, "parameterValues": dict(parameters)},
    }


def _authorized() -> Any:
    import google.auth
    from google.auth.exceptions import DefaultCredentialsError
    from google.auth.transport.requests import AuthorizedSession

    try:
        credentials, _ = google.auth.default(scopes=[_SCOPE])
    except DefaultCredentialsError as error:
        raise ValueError(f"Vertex AI: wanted credentials of Google Cloud: {error}") from None
    return AuthorizedSession(credentials)
