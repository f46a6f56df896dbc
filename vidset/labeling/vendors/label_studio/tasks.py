"""The tasks of a Label Studio project, by the filters of its data manager.

https://labelstud.io/guide/sdk describes the filters. An answer of up to 200 tasks is a page.
"""

import contextlib
import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from vidset.labeling.timestamps import format_timestamp
from vidset.labeling.vendors.label_studio.client import Client, NotFoundError

_PER_PAGE = 200
# 41 characters each in an url, of which proxies take 8 KiB.
_IDS_PER_LOOKUP = 100
# Of a task and of its annotations alike. All there is takes the server four times as long.
_INCLUDED = "id,data,annotations,result,was_cancelled,completed_by,updated_at"


def look_up(
    client: Client, project_id: int, image_ids: Sequence[str]
) -> dict[tuple[str, int], list[int]]:
    """Return the ids of all tasks of these images, by image id and round."""
    found: dict[tuple[str, int], list[int]] = {}
    for start in range(0, len(image_ids), _IDS_PER_LOOKUP):
        chunk = image_ids[start : start + _IDS_PER_LOOKUP]
        wanted = _filter("data.image_id", "in_list", "List", chunk)
        for task in _tasks(client, project_id, wanted, {"include": "id,data"}):
            data = task["data"]
            found.setdefault((data["image_id"], data.get("round", 1)), []).append(task["id"])
    return found


def tasks_since(client: Client, project_id: int, moment: datetime) -> Iterator[dict[str, Any]]:
    """Yields all tasks that changed at or after `moment`, with their annotations."""
    changed = _filter("updated_at", "greater_or_equal", "Datetime", format_timestamp(moment))
    return _tasks(client, project_id, changed, {"include": _INCLUDED, "fields": "all"})


def settle(client: Client, tasks: Sequence[int]) -> str:
    """Choose the task of an image and round that stays, and return its id.

    It is one with annotations, else the oldest. The others are deleted, unless they have
    annotations. Each task is asked for them: the counts in the server's lists lag behind.
    """
    if len(tasks) == 1:
        return str(tasks[0])
    labeled = {id_ for id_ in tasks if _has_annotations(client, id_)}
    winner, *others = sorted(tasks, key=lambda id_: (id_ not in labeled, id_))
    for other in others:
        if other not in labeled:
            with contextlib.suppress(NotFoundError):  # Another process was faster.
                client.call("DELETE", f"/api/tasks/{other}/")
    return str(winner)


def _has_annotations(client: Client, task: int) -> bool:
    """Returns whether somebody has annotated the task, skipped it or begun to."""
    try:
        found = client.call("GET", f"/api/tasks/{task}/")
    except NotFoundError:
        return False
    return bool(found["annotations"] or found["drafts"])


def _tasks(
    client: Client, project_id: int, wanted: dict[str, Any], params: dict[str, str]
) -> Iterator[dict[str, Any]]:
    """Yields tasks in the order of their ids, each page from the last id on.

    Numbered pages would shift, and leave tasks out, when a task goes meanwhile.
    """
    last = 0
    while True:
        items = [wanted, _filter("id", "greater", "Number", last)]
        query = {"filters": {"conjunction": "and", "items": items}, "ordering": ["tasks:id"]}
        asked = params | {
            "project": str(project_id),
            "query": json.dumps(query, separators=(",", ":")),
            "page_size": str(_PER_PAGE),
            "resolve_uri": "false",
        }
        page = client.call("GET", "/api/tasks/", params=asked)
        yield from page["tasks"]
        if page["total"] <= len(page["tasks"]):
            return
        last = page["tasks"][-1]["id"]


def _filter(column: str, operator: str, type_: str, value: Any) -> dict[str, Any]:
    return {"filter": f"filter:tasks:{column}", "operator": operator, "type": type_, "value": value}
