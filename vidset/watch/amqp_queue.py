"""Connecting to RabbitMQ, and the queues as a watcher wants them."""

from pika import URLParameters
from pika.adapters.blocking_connection import BlockingChannel, BlockingConnection
from pika.exceptions import (
    ChannelClosedByBroker,
    ProbableAccessDeniedError,
    ProbableAuthenticationError,
)

from vidset.watch.amqp_address import AmqpAddress


def open_channel(
    address: AmqpAddress, parameters: URLParameters, max_tries: int
) -> tuple[BlockingConnection, BlockingChannel]:
    """A connection and its channel; the queues are there.

    Raises:
        ValueError: the broker refuses the user, the vhost, or the queues as they are wanted.
        AMQPError, OSError: it cannot be reached.
    """
    try:
        connection = BlockingConnection(parameters)
    except (ProbableAuthenticationError, ProbableAccessDeniedError) as error:
        raise ValueError(f"SOURCE: {address.host} refuses: {error}") from None
    channel = connection.channel()
    try:
        _declare(channel, address, max_tries)
    except ChannelClosedByBroker as error:
        connection.close()
        raise ValueError(
            f"SOURCE: the broker refuses queue {address.queue} as it is wanted: "
            f"{error.reply_text}. With --max-tries as before it is the same queue; "
            "else take another name, or delete it when it is empty"
        ) from None
    return connection, channel


def _declare(channel: BlockingChannel, address: AmqpAddress, max_tries: int) -> None:
    """Both are quorum queues: only these count deliveries, and survive the loss of a node.

    Made before, with the same arguments, they are left as they are.
    """
    quorum = {"x-queue-type": "quorum"}
    dead = {
        "x-delivery-limit": max_tries - 1,  # After the first.
        "x-dead-letter-exchange": "",
        "x-dead-letter-routing-key": address.dead_letter_queue,
        # Else a message may be lost on its way there. It needs the overflow setting.
        "x-dead-letter-strategy": "at-least-once",
        "x-overflow": "reject-publish",
    }
    channel.queue_declare(address.dead_letter_queue, durable=True, arguments=quorum)
    channel.queue_declare(address.queue, durable=True, arguments=quorum | dead)
    if address.exchange:
        channel.exchange_declare(address.exchange, "fanout", durable=True)
        channel.queue_bind(address.queue, address.exchange)
