"""amqp://user@host/vhost?queue=Q: where the messages are."""

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from vidset.secret import Secret

_WANTED = "wanted amqp://USER@HOST/VHOST?queue=QUEUE"


@dataclass(frozen=True, slots=True)
class AmqpAddress:
    """A queue of a broker.

    Attributes:
        url: what the client connects to, with the password.
        queue: it and its dead-letter queue are made if they are not there.
        exchange: a durable fanout exchange to bind it to, also made; None for none.
    """

    url: Secret
    host: str
    queue: str
    exchange: str | None = None

    @property
    def dead_letter_queue(self) -> str:
        return f"{self.queue}.dead"

    @property
    def shown(self) -> str:
        return f"{self.host}, queue {self.queue}"


def parse_address(text: str, password: str | None) -> AmqpAddress:
    """An AMQP uri, with `queue` and perhaps `exchange` among its parameters.

    Those of the client (heartbeat, socket_timeout, ssl_options...) may stand there too.

    Args:
        password: if the uri has a user, but no password.

    Raises:
        ValueError: it is no such uri.
    """
    try:
        parts = urlsplit(text)
        is_whole = parts.port != 0
    except ValueError:
        parts, is_whole = urlsplit(""), False
    parameters = dict(parse_qsl(parts.query))
    queue, exchange = parameters.pop("queue", ""), parameters.pop("exchange", None)
    is_whole &= parts.scheme in ("amqp", "amqps") and bool(parts.hostname and queue)
    # An @ elsewhere alone is one after a password with a slash: what is before it is no host.
    if not is_whole or ("@" in text and "@" not in parts.netloc):
        shown = without_password(text)
        raise ValueError(f"SOURCE: {_WANTED}, special characters percent-encoded; got {shown!r}")
    place = parts.netloc
    if parts.username is not None and parts.password is None:
        if not password:
            raise ValueError(
                f"SOURCE: there is no password for {parts.username}: set VIDSET_AMQP_PASSWORD"
            )
        user, _, host = place.rpartition("@")
        place = f"{user}:{quote(password, safe='')}@{host}"
    url = f"{parts.scheme}://{place}{parts.path}?{urlencode(parameters)}"
    shown = f"{parts.scheme}://{place.rpartition('@')[2]}{parts.path}"
    return AmqpAddress(Secret(url), shown, queue, exchange)


def without_password(text: str) -> str:
    """Returns it for a message; it may be no uri, too."""
    start, at, rest = text.rpartition("@")
    shown = re.match(r"[\w+.-]*:?/*[^:]*", start)
    return f"{shown[0] if shown else ''}{at}{rest}"
