"""Run the page's server until it is told to stop."""

import socket
from collections.abc import Callable

import uvicorn

from vidset.view.access import Access
from vidset.view.app import View


def serve(view: View, access: Access, listening: socket.socket, ready: Callable[[], None]) -> None:
    """Serve until SIGINT or SIGTERM.

    Args:
        ready: is called when the server answers.
    """

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            ready()

    config = uvicorn.Config(
        view.app(access),
        log_level="error",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=1,
        limit_concurrency=200,
        h11_max_incomplete_event_size=64 << 10,
    )
    try:
        Server(config).run([listening])
    finally:
        view.close()
