"""A broker that goes away, and a queue that is taken away."""

import pytest

from tests.emulators.servers import free_port
from tests.end_to_end.jobs import rows, wait_for
from tests.watch.watchers import (
    OUT,
    minio_event,
    watch,
    watching,
)

pytestmark = [pytest.mark.emulator, pytest.mark.slow]


def test_a_queue_that_is_another_for_a_while_ends_no_watcher(site, tmp_path):
    """At a start that would be wrong usage; later on, what is at work would go with it."""
    log, queue = tmp_path / "log", site.rabbitmq.queue
    site.put("a.mp4", site.video(0))
    with watching(log, site.rabbitmq.events) as process:
        wait_for(lambda: "watching" in log.read_text(), process, log)
        with site.rabbitmq.channel() as channel:
            channel.queue_delete(queue)
            channel.queue_declare(queue, durable=True)
            wait_for(
                lambda: f"refuses queue {queue} as it is wanted" in log.read_text(), process, log
            )
            channel.queue_delete(queue)
        wait_for(lambda: log.read_text().count("watching") == 2, process, log)
        site.rabbitmq.publish(minio_event("a.mp4"))
        wait_for(lambda: len(rows(OUT, "videos")) == 1, process, log)


def test_a_broker_that_is_not_there_is_waited_for(site, tmp_path):
    events = f"amqp://guest:guest@127.0.0.1:{free_port()}/%2F?queue=q"
    code, summary, said = watch(events)
    assert (code, summary["events"]) == (1, 0)
    assert "Connection refused" in said
    assert "again in 2 s" in said
