"""The project and the webhook that a template has in Label Studio: found, or made once."""

import contextlib
import html
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from vidset.labeling.errors import TryAgainError
from vidset.labeling.template import Template
from vidset.labeling.vendors.label_studio.answers import CALLBACK_ACTIONS
from vidset.labeling.vendors.label_studio.client import Client, NotFoundError
from vidset.labeling.vendors.label_studio.config import controls_of, label_config
from vidset.labeling.vendors.label_studio.items import Controls

# What Label Studio takes.
_TITLE_LENGTHS = range(3, 51)
# While a project is this young, one of a lower id that was made at the same time may not show yet:
# a server gives ids before it is done. Both who makes one and who finds one wait for it.
_SETTLE_SECONDS = 5.0
# A busy server may answer without what it has just made.
_SHOW_SECONDS = 60.0
WebhookChange = Literal["made", "changed", "kept"]


@dataclass(frozen=True, slots=True)
class Project:
    """Attributes:
    is_new: made now.
    """

    id: int
    title: str
    is_new: bool
    controls: Controls


def project_title(template: Template) -> str:
    """Raises ValueError where Label Studio would refuse it."""
    title = template.label_studio.project or template.name
    if len(title) not in _TITLE_LENGTHS:
        raise ValueError(
            f"template {template.name!r}: label_studio.project must have 3 to 50 characters, "
            f"as Label Studio's titles have, got {title!r}"
        )
    return title


def open_project(client: Client, template: Template, project_id: int | None) -> Project:
    """The project of this id; without one, of the template's title, made when there is none.

    Of several with this title it is the one with the lowest id, so that processes that start at
    once agree.

    Raises:
        ValueError: there is none of this id, or its label config lacks something of the template.
        RefusedError, TryAgainError
    """
    is_new = False
    if project_id is None:
        title = project_title(template)
        project_id = _settled(client, title)
        if project_id is None:
            project_id, is_new = _made(client, template, title)
    try:
        found = client.call("GET", f"/api/projects/{project_id}/")
    except NotFoundError as error:
        raise ValueError(f"LABEL_STUDIO_PROJECT {project_id}: {error}") from None
    title = found["title"]
    try:
        controls = controls_of(found["parsed_label_config"], template)
    except ValueError as error:
        raise ValueError(
            f"project {project_id} {title!r} of {client.url} does not fit template "
            f"{template.name!r}: {error}"
        ) from None
    return Project(project_id, title, is_new, controls)


def open_webhook(
    client: Client, project_id: int, url: str, headers: dict[str, str]
) -> WebhookChange:
    """Have the project tell `url` of its annotations; it ends with one webhook to it."""
    wanted = {
        "url": url,
        "headers": headers,
        "send_payload": True,
        "send_for_all_actions": False,
        "actions": sorted(CALLBACK_ACTIONS),
        "is_active": True,
    }
    change: WebhookChange = "kept"
    ours = _webhooks(client, project_id, url)
    if not ours:
        client.call("POST", "/api/webhooks/", body=wanted | {"project": project_id})
        change, ours = "made", _webhooks(client, project_id, url)
    kept, *others = ours
    for other in others:  # Made by another process at the same time.
        _delete(client, f"/api/webhooks/{other['id']}/")
    if kept | {"actions": sorted(kept["actions"])} != kept | wanted:
        client.call("PATCH", f"/api/webhooks/{kept['id']}/", body=wanted)
        change = "changed"
    return change


def _settled(client: Client, title: str) -> int | None:
    """The lowest id of the projects of this title, once none of them is young any more."""
    found = _projects_of(client, title)
    while any(_is_young(project) for project in found):
        time.sleep(1.0)
        found = _projects_of(client, title)
    return min((project["id"] for project in found), default=None)


def _projects_of(client: Client, title: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    page: int | None = 1
    while page:
        # The server finds titles that contain it.
        params = {"title": title, "include": "id,title,created_at", "page": page, "page_size": 100}
        listed = client.call("GET", "/api/projects/", params=params)
        found += [project for project in listed["results"] if project["title"] == title]
        page = page + 1 if listed["next"] else None
    return found


def _is_young(project: dict[str, Any]) -> bool:
    """Return whether it was made a moment ago; nothing is waited for if the clocks differ more."""
    made_at = datetime.fromisoformat(project["created_at"])
    return abs((datetime.now(UTC) - made_at).total_seconds()) < _SETTLE_SECONDS


def _made(client: Client, template: Template, title: str) -> tuple[int, bool]:
    """The project's id, and whether it is the one made here and no other process's."""
    instruction = html.escape(template.instruction.strip(), quote=False).replace("\n", "<br>")
    wanted = {
        "title": title,
        "description": "Made by vidset",
        "label_config": label_config(template),
        "expert_instruction": instruction,
        "show_instruction": bool(instruction),
        "maximum_annotations": template.label_studio.annotators_per_image,
    }
    made = client.call("POST", "/api/projects/", body=wanted)["id"]
    time.sleep(_SETTLE_SECONDS)
    late = time.monotonic() + _SHOW_SECONDS
    while (first := _settled(client, title)) is None:
        if time.monotonic() > late:
            raise TryAgainError(
                f"{client.url} made project {made} {title!r} and does not list it after "
                f"{_SHOW_SECONDS:.0f} seconds"
            )
        time.sleep(1.0)
    if first == made:
        return made, True
    if not client.call("GET", f"/api/projects/{made}/")["task_number"]:
        _delete(client, f"/api/projects/{made}/")
    return first, False


def _webhooks(client: Client, project_id: int, url: str) -> list[dict[str, Any]]:
    listed = client.call("GET", "/api/webhooks/", params={"project": project_id})
    return sorted((hook for hook in listed if hook["url"] == url), key=lambda hook: hook["id"])


def _delete(client: Client, path: str) -> None:
    with contextlib.suppress(NotFoundError):  # Another process was faster.
        client.call("DELETE", path)
