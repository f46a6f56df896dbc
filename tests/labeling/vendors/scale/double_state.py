"""What Scale AI would remember, in memory: the tasks, and for tests the failures to come."""

import base64
import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

GEOMETRIES = {"box", "polygon", "line", "point", "cuboid", "ellipse"}


@dataclass(slots=True)
class Failure:
    """What goes wrong with the next calls.

    Attributes:
        kind: an error status; silence; the end of the connection; or a 200 with `message` as text.
        on: the calls that it is for, `POST task` (create), `GET task`, `GET tasks`, or `any`.
        times: how many of them.
        probability: of each of them.
        after: whether the call is done before it fails.
        message: `{attachment}` in it stands for the attachment that was sent.
    """

    kind: Literal["status", "hang", "close", "malformed"] = "status"
    on: str = "any"
    times: int = 1
    probability: float = 1.0
    after: bool = False
    status: int = 500
    retry_after: str | None = None
    location: str | None = None
    message: str = "something went wrong"


@dataclass(frozen=True, slots=True)
class Completion:
    """How a task ends.

    Attributes:
        changes: fields of the task that change too.
        callback: `send`, or `lose` it on purpose.
        seconds: until the callback is given up.
    """

    annotations: list[dict[str, Any]] = field(default_factory=list)
    global_attributes: dict[str, Any] = field(default_factory=dict)
    changes: dict[str, Any] = field(default_factory=dict)
    callback: Literal["send", "lose"] = "send"
    seconds: float = 600.0


class RefusalError(Exception):
    def __init__(self, status: int, message: str):
        super().__init__(status, message)
        self.status, self.message = status, message


class State:
    """The tasks, and the failures to come."""

    def __init__(self, api_key: str, callback_auth: str):
        self.authorization = "Basic " + base64.b64encode(f"{api_key}:".encode()).decode()
        self.callback_auth = callback_auth
        self.tasks: dict[str, dict[str, Any]] = {}
        self.unique_ids: dict[str, str] = {}
        self.failures: list[Failure] = []
        self.random = random.Random(0)
        self.requests: Counter[str] = Counter()
        self.connections = 0

    def failure(self, call: str) -> Failure | None:
        for failure in self.failures:
            meant = failure.on in ("any", call) and failure.times > 0
            if meant and self.random.random() < failure.probability:
                failure.times -= 1
                return failure
        return None

    def create(self, kind: str, body: dict[str, Any]) -> dict[str, Any]:
        if kind != "imageannotation":
            raise RefusalError(404, f"Unknown task type {kind}")
        if not isinstance(body.get("attachment"), str):
            raise RefusalError(400, "Please include an attachment or attachments parameter")
        geometries = body.get("geometries")
        if not isinstance(geometries, dict) or not geometries or geometries.keys() - GEOMETRIES:
            raise RefusalError(400, f"geometries must be of {sorted(GEOMETRIES)}, got {geometries}")
        unique_id = body.get("unique_id")
        if unique_id in self.unique_ids:
            raise RefusalError(
                409,
                f'The unique_id ("{unique_id}") is already used for a different task '
                f"({self.unique_ids[unique_id]}).",
            )
        own = {"unique_id", "callback_url", "instruction", "metadata", "project", "batch"}
        task = {
            "task_id": f"{len(self.tasks) + 1:024x}",
            "created_at": now(),
            "updated_at": now(),
            "type": kind,
            "status": "pending",
            "is_test": True,
            "params": {name: value for name, value in body.items() if name not in own},
            "metadata": {},
        } | {name: value for name, value in body.items() if name in own}
        self.tasks[task["task_id"]] = task
        if unique_id:
            self.unique_ids[unique_id] = task["task_id"]
        return task

    def task(self, task_id: str) -> dict[str, Any]:
        if task_id not in self.tasks:
            raise RefusalError(404, f"No task with id {task_id}")
        return self.tasks[task_id]

    def found(self, query: dict[str, list[str]]) -> dict[str, Any]:
        """Newest first, by pages."""
        one = {name: values[-1] for name, values in query.items()}
        limit = int(one.get("limit", 100))
        if not 1 <= limit <= 100:
            raise RefusalError(400, "limit must be 1 to 100")
        found = [
            task
            for task in reversed(self.tasks.values())
            if ("unique_id" not in query or task.get("unique_id") in query["unique_id"])
            and all(task.get(n) == one[n] for n in ("type", "status", "project") if n in one)
            and moment(task["updated_at"]) >= moment(one.get("updated_after", "2000-01-01"))
        ]
        if "next_token" in one:
            found_after = [task for task in found if task["task_id"] < one["next_token"]]
        else:
            found_after = found
        page, has_more = found_after[:limit], len(found_after) > limit
        token = {"next_token": page[-1]["task_id"]} if has_more else {}
        counts = {"total": len(found), "limit": limit, "offset": 0, "has_more": has_more}
        return {"docs": page, **counts, **token}

    def cancel(self, task_id: str, query: dict[str, list[str]]) -> dict[str, Any]:
        task = self.task(task_id)
        if task["status"] != "pending":
            raise RefusalError(400, f"Task {task_id} is {task['status']}")
        if query.get("clear_unique_id") == ["true"]:
            self.unique_ids.pop(task.pop("unique_id", None), None)
        task.update(status="canceled", updated_at=now())
        return task

    def complete(self, task_id: str, completion: Completion) -> dict[str, Any]:
        task = self.task(task_id)
        response = {"annotations": completion.annotations}
        if completion.global_attributes:
            response["global_attributes"] = completion.global_attributes
        task.update(status="completed", completed_at=now(), updated_at=now(), response=response)
        task.update(completion.changes)
        return task


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def moment(text: str) -> datetime:
    parsed = datetime.fromisoformat(text)
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
