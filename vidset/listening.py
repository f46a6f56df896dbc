"""A socket on which a server of this machine listens, and the url by which it is reached."""

import socket


def listen(host: str, port: int) -> socket.socket:
    """Return a socket on which a server can be run; port 0 takes a free one.

    Raises:
        ValueError: the port is taken, or this machine has no such address.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise ValueError(f"{host}, port {port}: {error.strerror or error}") from None


def url_of(listening: socket.socket) -> str:
    """Return the url of a socket's server, without a slash at its end."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
