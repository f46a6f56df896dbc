"""Runs a compiled pipeline on Vertex AI, which takes the definition as JSON.

https://cloud.google.com/vertex-ai/docs/reference/rest/v1/projects.locations.pipelineJobs/create
https://cloud.google.com/vertex-ai/docs/reference/rest/v1/projects.locations.pipelineJobs/list
https://cloud.google.com/vertex-ai/docs/reference/rest/v1/projects.locations.schedules/create
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from vidset.training.pipelines.loop import NAME
from vidset.training.pipelines.submitted import RunAs, Submitted

_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
_WAIT_SECONDS = 60
_REFUSED = 400
_CONFLICT, _EXISTS = 409, "ALREADY_EXISTS"  # A conflict of another kind has another word.
# What a run is in once it has ended; a paused one can go on.
_ENDED = ("SUCCEEDED", "FAILED", "CANCELLED")


@dataclass(frozen=True, slots=True)
class Vertex:
    """Vertex AI Pipelines.

    Attributes:
        root: where artifacts go, gs://BUCKET/PREFIX.
        run_as: the account of the runs, their labels, and the key that encrypts them.
        unless_running: whether nothing is started while an earlier run goes on.
        endpoint: the API's; None for the location's own.
        session: what makes requests, as `requests.Session` does; None: with the credentials that
            Google's libraries find.
    """

    project: str
    location: str
    root: str
    run_as: RunAs = field(default_factory=RunAs)
    unless_running: bool = False
    endpoint: str | None = None
    session: Any = None

    def submit(
        self, path: Path, parameters: Mapping[str, Any], schedule: str | None = None
    ) -> Submitted:
        job = job_of(path, self.root, parameters, self.run_as)
        api = _Api(self._host, self._parent, self.session or _authorized())
        if schedule is not None:
            # A schedule of Vertex AI waits for the earlier run by itself.
            made = {
                "displayName": NAME,
                "cron": f"TZ=Etc/UTC {schedule}",
                "maxConcurrentRunCount": "1",
                "createPipelineJobRequest": {"parent": self._parent, "pipelineJob": job},
            }
            return Submitted(api.create("schedules", made))
        if not self.unless_running:
            return Submitted(api.create("pipelineJobs", job))
        return self._submit_alone(api, job)

    def _submit_alone(self, api: "_Api", job: Mapping[str, Any]) -> Submitted:
        """Start a job unless one of the same name and labels goes on.

        Two that ask at the same time see the same latest job and derive the same id from it, which
        Vertex AI gives to one of them.
        """
        alike = [f'display_name="{NAME}"']
        alike += [f'labels.{name}="{value}"' for name, value in self.run_as.labels.items()]
        latest = api.newest(" AND ".join(alike)) or ""
        going_on = (f'state!="PIPELINE_STATE_{state}"' for state in _ENDED)
        if running := api.newest(" AND ".join((*alike, *going_on))):
            return Submitted(running, is_new=False)
        said = "\n".join((latest, *(f"{k}={v}" for k, v in sorted(self.run_as.labels.items()))))
        id_ = f"{NAME}-{hashlib.sha256(said.encode()).hexdigest()[:16]}"
        try:
            return Submitted(api.create("pipelineJobs", job, pipelineJobId=id_))
        except _ExistsError:
            return Submitted(f"{self._parent}/pipelineJobs/{id_}", is_new=False)

    @property
    def _host(self) -> str:
        return self.endpoint or f"https://{self.location}-aiplatform.googleapis.com"

    @property
    def _parent(self) -> str:
        return f"projects/{self.project}/locations/{self.location}"


def job_of(
    path: Path, root: str, parameters: Mapping[str, Any], run_as: RunAs | None = None
) -> dict[str, Any]:
    """Return a PipelineJob of Vertex AI for a compiled pipeline.

    Raises:
        ValueError: it has secrets or disks, which are Kubernetes' alone.
    """
    spec, *more = yaml.safe_load_all(path.read_text(encoding="utf-8"))
    if more:
        raise ValueError("--secret and --disk are for Kubernetes; Vertex AI has neither")
    job: dict[str, Any] = {
        "displayName": NAME,
        "pipelineSpec": spec,
        "runtimeConfig": {"gcsOutputDirectory": root, "parameterValues": dict(parameters)},
    }
    run_as = run_as or RunAs()
    if run_as.service_account:
        job["serviceAccount"] = run_as.service_account
    if run_as.labels:
        job["labels"] = dict(run_as.labels)
    if run_as.kms_key:
        job["encryptionSpec"] = {"kmsKeyName": run_as.kms_key}
    return job


class _ExistsError(ValueError):
    """A job has this id already."""


@dataclass(frozen=True, slots=True)
class _Api:
    """The requests that are made; each raises ValueError with what the server says."""

    host: str
    parent: str
    session: Any

    def create(self, kind: str, body: Mapping[str, Any], **query: str) -> str:
        return str(self._ask("post", kind, query, json=body)["name"])

    def newest(self, which: str) -> str | None:
        """Return the name of the newest job that a filter takes."""
        query = {"filter": which, "orderBy": "create_time desc", "pageSize": "1"}
        # A job has its definition with it, and what became of each step.
        found = self._ask("get", "pipelineJobs", query | {"readMask": "name"})
        return next((str(job["name"]) for job in found.get("pipelineJobs", [])), None)

    def _ask(
        self, method: str, kind: str, query: Mapping[str, str], **body: Any
    ) -> Mapping[str, Any]:
        url = f"{self.host}/v1/{self.parent}/{kind}"
        ask = getattr(self.session, method)
        try:
            answer = ask(url, params=query, timeout=_WAIT_SECONDS, **body)
        except OSError as error:  # What requests raises is one.
            raise ValueError(f"{self.host}: wanted a run of the pipeline: {error}") from None
        if answer.status_code >= _REFUSED:
            said = f"{self.host}: wanted a run of the pipeline, got {answer.text[:1000]}"
            if answer.status_code == _CONFLICT and _EXISTS in answer.text:
                raise _ExistsError(said)
            raise ValueError(said)
        return answer.json()


def _authorized() -> Any:
    import google.auth
    from google.auth.exceptions import DefaultCredentialsError
    from google.auth.transport.requests import AuthorizedSession

    try:
        credentials, _ = google.auth.default(scopes=[_SCOPE])
    except DefaultCredentialsError as error:
        raise ValueError(f"Vertex AI: wanted credentials of Google Cloud: {error}") from None
    return AuthorizedSession(credentials)
