"""A double of Scale AI's API, as https://scale.com/docs/api-reference documents it.

    python -m tests.labeling.vendors.scale.double --port 9311

It answers one connection after the other from memory, so it is faster than what it measures. Beside
Scale's own it has:

    POST /_control            the `Failure`s to come, and the seed of their probabilities
    GET  /_control            {"connections": ..., "requests": {"POST task": ...}}
    GET  /_tasks              all tasks
    POST /_complete/TASK      see `Completion`; completes a task and sends the callback
"""

import argparse
import asyncio
import json
import random
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.labeling.vendors.scale.double_state import Completion, Failure, RefusalError, State

API_KEY = "test_key"
CALLBACK_AUTH = "test_callback_auth"


class _Connection(asyncio.Protocol):
    """HTTP/1.1 with keep-alive and bodies of a known length; no more."""

    def __init__(self, state: State):
        self._state, self._buffer = state, bytearray()

    def connection_made(self, transport) -> None:
        self._transport = transport
        self._state.connections += 1

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        first, *lines = self._buffer[:end].decode("latin-1").split("\r\n")
        headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines)}
        size = end + 4 + int(headers.get("content-length", 0))
        if len(self._buffer) < size:
            return
        body, self._buffer = bytes(self._buffer[end + 4 : size]), self._buffer[size:]
        method, target, _ = first.split(" ")
        url = urlsplit(target)
        steps = url.path.strip("/").split("/")
        if steps[0].startswith("_"):
            self._control(method, steps, json.loads(body or b"{}"))
        else:
            self._serve(method, steps[1:], parse_qs(url.query), headers, body)

    def _serve(self, method: str, steps: list[str], query, headers, body: bytes) -> None:
        state, call = self._state, f"{method} {steps[0]}"
        state.requests[call] += 1
        failure = state.failure(call)
        sent = json.loads(body) if body else {}
        if failure and not failure.after:
            self._fail(failure, sent)
            return
        try:
            if headers.get("authorization") != state.authorization:
                raise RefusalError(401, "No valid API key provided")
            reply = self._called(method, steps, query, sent)
        except RefusalError as refusal:
            self._send(refusal.status, {"status_code": refusal.status, "error": refusal.message})
            return
        if failure:
            self._fail(failure, sent)
        else:
            self._send(200, reply)

    def _called(self, method: str, steps: list[str], query, sent: dict[str, Any]) -> Any:
        match method, *steps:
            case "POST", "task", kind:
                return self._state.create(kind, sent)
            case "GET", "task", task_id:
                return self._state.task(task_id)
            case "GET", "tasks":
                return self._state.found(query)
            case "POST", "task", task_id, "cancel":
                return self._state.cancel(task_id, query)
        raise RefusalError(404, f"Nothing at {method} /v1/{'/'.join(steps)}")

    def _fail(self, failure: Failure, sent: dict[str, Any]) -> None:
        message = failure.message.replace("{attachment}", str(sent.get("attachment")))
        if failure.kind == "close":
            self._transport.abort()
        elif failure.kind == "malformed":
            self._send(200, message)
        elif failure.kind == "status":
            told = {"Retry-After": failure.retry_after, "Location": failure.location}
            headers = "".join(f"{name}: {value}\r\n" for name, value in told.items() if value)
            self._send(failure.status, {"status_code": failure.status, "error": message}, headers)

    def _control(self, method: str, steps: list[str], sent: dict[str, Any]) -> None:
        state = self._state
        match method, *steps:
            case "POST", "_control":
                state.failures = [Failure(**failure) for failure in sent["failures"]]
                state.random = random.Random(sent.get("seed", 0))
                self._send(200, {})
            case "GET", "_control":
                self._send(200, {"connections": state.connections, "requests": state.requests})
            case "GET", "_tasks":
                self._send(200, list(state.tasks.values()))
            case "POST", "_complete", task_id if task_id in state.tasks:
                completion = Completion(**sent)
                task = state.complete(task_id, completion)
                if completion.callback == "lose":
                    self._send(200, {"task": task, "callback_status": None})
                    return
                loop = asyncio.get_running_loop()
                sending = loop.run_in_executor(None, _call_back, state, task, completion.seconds)
                sending.add_done_callback(lambda sent: self._called_back(task, sent))
            case _:
                self._send(404, {"error": f"Nothing at {method} /{'/'.join(steps)}"})

    def _called_back(self, task: dict[str, Any], sent: asyncio.Future[int]) -> None:
        if sent.exception():
            self._send(200, {"task": task, "callback_status": None, "error": str(sent.exception())})
        else:
            task["callback_succeeded"] = 200 <= sent.result() < 300
            self._send(200, {"task": task, "callback_status": sent.result()})

    def _send(self, status: int, body: Any, headers: str = "") -> None:
        data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        head = (
            f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\nContent-Type: application/json\r\n"
            f"{headers}Content-Length: {len(data)}\r\n\r\n"
        )
        self._transport.write(head.encode() + data)


@dataclass(frozen=True, slots=True)
class ScaleDouble:
    """A running double, in this process or in another."""

    root: str

    @property
    def url(self) -> str:
        """What Scale's client takes as the url of its instance."""
        return f"{self.root}/v1"

    def fail(self, *failures: Failure, seed: int = 0) -> None:
        """Replaces those before."""
        self._call("_control", {"failures": [asdict(f) for f in failures], "seed": seed})

    def tasks(self) -> list[dict[str, Any]]:
        return self._call("_tasks")

    def stats(self) -> dict[str, Any]:
        return self._call("_control")

    def complete(self, task_id: str, completion: Completion | None = None) -> dict[str, Any]:
        """The completed task, and the `callback_status`: None when it was lost."""
        return self._call(f"_complete/{task_id}", asdict(completion or Completion()))

    def _call(self, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        status, reply = _request(f"{self.root}/{path}", data, {}, 60)
        if status != 200:
            raise RuntimeError(f"the double's {path} gave {status}: {reply.decode()}")
        return json.loads(reply)


def _call_back(state: State, task: dict[str, Any], seconds: float) -> int:
    """Once; the status of the answer."""
    body = {"task": task, "response": task["response"], "task_id": task["task_id"]}
    headers = {"Content-Type": "application/json", "scale-callback-auth": state.callback_auth}
    data = json.dumps(body | {"status": task["status"]}).encode()
    return _request(task["callback_url"], data, headers, seconds)[0]


def _request(url: str, data: bytes | None, headers: dict[str, str], seconds: float):
    request = urllib.request.Request(url, data, headers)  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=seconds) as response:  # noqa: S310
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


async def _listen(state: State, port: int) -> asyncio.Server:
    loop = asyncio.get_running_loop()
    return await loop.create_server(lambda: _Connection(state), "127.0.0.1", port)


@contextmanager
def scale_double(
    api_key: str = API_KEY, callback_auth: str = CALLBACK_AUTH
) -> Iterator[ScaleDouble]:
    """A double in a thread, on a free port."""
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(_listen(State(api_key, callback_auth), 0))
    thread = threading.Thread(target=loop.run_forever, name="scale double")
    thread.start()
    try:
        yield ScaleDouble(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    finally:
        loop.call_soon_threadsafe(server.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _serve_forever(port: int, state: State) -> None:
    server = await _listen(state, port)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="A double of Scale AI's API.")
    parser.add_argument("--port", type=int, default=0, help="0: a free one, which is printed")
    parser.add_argument("--api-key", default=API_KEY)
    parser.add_argument("--callback-auth", default=CALLBACK_AUTH)
    given = parser.parse_args()
    asyncio.run(_serve_forever(given.port, State(given.api_key, given.callback_auth)))
