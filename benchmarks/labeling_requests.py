"""Events and callbacks for the labeling functions, genuine and forged, and many sent at once."""

import http.client
import json
import random
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import local
from typing import Any
from urllib.parse import urlsplit

from tests.labeling.functions import SCALE_SECRET, binary_event, message

AT_ONCE = 8
_CONNECTIONS = local()


def event(number: int) -> tuple[dict, bytes]:
    return binary_event(message(name_of(number)))


def name_of(number: int) -> str:
    return f"drive-{number}/1/0000000000.jpg"


def callback(image: str, box: tuple[int, int], turn: int, *, invalid: bool) -> tuple[dict, bytes]:
    drawn = {"type": "box", "label": "cat" if invalid else "car", "uuid": "1", "width": 30}
    drawn |= {"left": box[0], "top": box[1], "height": 40}
    task = {
        "task_id": f"task-{image}",
        "type": "imageannotation",
        "status": "completed",
        "unique_id": image,
        "completed_at": f"2026-03-01T12:00:{turn:02d}.000Z",
        "response": {"annotations": [drawn]},
    }
    body = {"task": task, "task_id": task["task_id"], "status": "completed"}
    headers = {"scale-callback-auth": SCALE_SECRET, "content-type": "application/json"}
    return headers, json.dumps(body).encode()


def forged(dice: random.Random, genuine: list[tuple[dict, bytes]]) -> tuple[dict, bytes]:
    """A request that must not change an annotation."""
    headers, body = dice.choice(genuine)
    kind = dice.randrange(6)
    if kind == 0:  # Replayed.
        return headers, body
    if kind == 1:  # Without the secret, or with one that is nearly right.
        near = [SCALE_SECRET[:-1], SCALE_SECRET + "0", SCALE_SECRET.title(), "", "\xff" * 18]
        return headers | {"scale-callback-auth": dice.choice(near)}, body
    if kind == 2:  # Too large.
        return headers, body + b" " * 60_000
    if kind == 3:  # Of another type.
        return headers | {"content-type": dice.choice(["text/html", "", "application/xml"])}, body
    if kind == 4:  # Bytes changed, without the secret.
        changed = bytearray(body)
        for _ in range(dice.randrange(1, 20)):
            changed[dice.randrange(len(changed))] = dice.randrange(256)
        return headers | {"scale-callback-auth": "guess"}, bytes(changed)
    # For images that nobody asked to be labeled: into the quarantine, with the secret.
    return callback(f"{dice.getrandbits(128):032x}", (1, 1), 1, invalid=False)


def post(url: str, request: tuple[dict, bytes]) -> int:
    """The status, on a connection that is kept."""
    host = urlsplit(url).netloc
    if getattr(_CONNECTIONS, "host", None) != host:
        _CONNECTIONS.host, _CONNECTIONS.client = host, http.client.HTTPConnection(host, timeout=60)
    client = _CONNECTIONS.client
    headers, body = request
    try:
        client.request("POST", "/", body, headers)
        response = client.getresponse()
        response.read()
    except (http.client.HTTPException, OSError):
        client.close()  # Opened again by the next request.
        raise
    return response.status


def outcome_of(url: str, request: tuple[dict, bytes]) -> str:
    try:
        return str(post(url, request))
    except (http.client.HTTPException, OSError):
        return "died"


def each_status(url: str, requests: Iterable[tuple[dict, bytes]]) -> list[int]:
    return each(lambda request: post(url, request), requests)


def deliver_all(url: str, requests: Sequence[tuple[dict, bytes]]) -> list[float]:
    """The seconds that each took; all must be taken."""

    def deliver(request: tuple[dict, bytes]) -> float:
        began = time.perf_counter()
        status = post(url, request)
        if status != 200:
            raise RuntimeError(f"the function answered {status}")
        return time.perf_counter() - began

    return each(deliver, requests)


def each(work: Callable[[Any], Any], items: Iterable[Any]) -> list[Any]:
    with ThreadPoolExecutor(AT_ONCE) as threads:
        return list(threads.map(work, items))
