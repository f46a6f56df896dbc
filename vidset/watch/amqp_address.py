"""amqp://user@host/vhost?queue=Q: where the messages are."""

from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

_WANTED = "wanted amqp://USER@HOST/VHOST?queue=QUEUE"


@dataclass(frozen=True, slots=True)
class AmqpAddress:
    """A queue of a broker.

    Attributes:
        url: what the client connects to; with the password, not to be shown.
        queue: it and its dead-letter queue are made if they are not there.
        exchange: a durable fanout exchange to bind it to, also made; None for none.
    """

    url: str = field(repr=False)
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
    parts = urlsplit(text)
    parameters = dict(parse_qsl(parts.query))
    queue, exchange = parameters.pop("queue", ""), parameters.pop("exchange", None)
    if parts.scheme not in ("amqp", "amqps") or not parts.hostname or not queue:
        raise ValueError(f"--events: {_WANTED}, got {_without_password(text)!r}")
    place = parts.netloc
    if parts.username is not None and parts.password is None:
        if not password:
            raise ValueError(
                f"--events: there is no password for {parts.username}: set VIDSET_AMQP_PASSWORD"
            )
        user, _, host = place.rpartition("@")
        place = f"{user}:{quote(password, safe='')}@{host}"
    url = f"{parts.scheme}://{place}{parts.path}?{urlencode(parameters)}"
    shown = f"{parts.scheme}://{place.rpartition('@')[2]}{parts.path}"
    return AmqpAddress(url, shown, queue, exchange)


def _without_password(text: str) -> str:
    start, at, rest = text.rpartition("@")
    scheme, separator, user = start.partition("://")
    return f"{scheme}{separator}{user.partition(':')[0]}{at}{rest}"
