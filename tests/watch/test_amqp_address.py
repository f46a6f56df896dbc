import re

import pytest

from vidset.secret import Secret
from vidset.watch.amqp_address import AmqpAddress, parse_address


def test_queue_and_exchange_are_ours_and_the_rest_is_the_clients():
    text = "amqps://me:s%2Fcret@broker:5671/site?queue=uploads&heartbeat=30&exchange=events"
    assert parse_address(text, None) == AmqpAddress(
        url=Secret("amqps://me:s%2Fcret@broker:5671/site?heartbeat=30"),
        host="amqps://broker:5671/site",
        queue="uploads",
        exchange="events",
    )


def test_the_password_may_come_from_elsewhere():
    address = parse_address("amqp://me@broker/%2F?queue=q", "p@ss/word")
    assert address.url.reveal() == "amqp://me:p%40ss%2Fword@broker/%2F?"


def test_what_is_shown_has_no_password():
    address = parse_address("amqp://me:secret@broker/%2F?queue=q", None)
    assert address.shown == "amqp://broker/%2F, queue q"
    assert "secret" not in repr(address)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("amqp://me:secret@broker/", "wanted amqp://USER@HOST/VHOST", id="no queue"),
        pytest.param("amqp:///v?queue=q", "wanted amqp://USER@HOST/VHOST", id="no host"),
        pytest.param("amqp://me@broker/?queue=q", "set VIDSET_AMQP_PASSWORD", id="no password"),
        pytest.param("amqp://me:secret@broker:x/?queue=q", "got 'amqp://me@broker:x/", id="port"),
        pytest.param("amqp://me:secret/1@h/v?queue=q", "got 'amqp://me@h/v?", id="slash"),
        pytest.param("amqp://me:1/secret@h/v?queue=q", "got 'amqp://me@h/v?", id="like a port"),
        pytest.param("amqp://me:secret#1@h/v?queue=q", "got 'amqp://me@h/v?", id="hash"),
        pytest.param("amqp://me:secret[1@h/v?queue=q", "got 'amqp://me@h/v?", id="bracket"),
    ],
)
def test_another_uri_is_refused_without_its_password(text, message):
    with pytest.raises(ValueError, match=re.escape(message)) as raised:
        parse_address(text, None)
    assert "secret" not in str(raised.value)
