"""Kill -9 anywhere in an upload, again and again: of 72 MB, or of 200 MB in `make chaos`."""

import os
import random
import signal
import time

import pytest

from tests.chaos.counts import times
from tests.upload import recordings
from tests.upload.recordings import MIB, recording
from tests.upload.stores import is_bytes

pytestmark = pytest.mark.slow

BLOCK = 8 * MIB
often = times(4, 20)
HEAD_BYTES = 4096  # More than the request that begins an upload.


class Run:
    """An upload as a process, which is killed once it has sent so many bytes."""

    def __init__(self, store, path, state, bytes_until_killed):
        self._left = bytes_until_killed
        self._process = recordings.started(
            path, "--to", store.bucket, "--collector", "cam1", "--state", state, "--json",
            "--rate", "50MB/s", env=store.environment,
        )  # fmt: skip

    def sent(self, count):
        before, self._left = self._left, self._left - count
        if before > 0 >= self._left:
            self.kill()

    def kill(self):
        os.kill(self._process.pid, signal.SIGKILL)

    def ended(self):
        return self._process.wait(600)


@pytest.fixture
def path(count, tmp_path):
    """A recording that is much longer than what so many runs send."""
    return recording(tmp_path / "a.mp4", 40_000_000 + count * 8_000_000)


@often
def test_a_killed_upload_goes_on_and_ends_bit_identical(count, cloud, path, send, tmp_path):
    chance = random.Random(6)
    # What a store keeps of an upload that breaks off: whole parts, or units.
    least, unit = (3 * MIB, BLOCK) if "s3" in cloud.bucket else (2 * MIB, 256 << 10)
    limits = [chance.randrange(least, least + 7 * MIB) for _ in range(count)]
    for limit in limits:
        run = Run(cloud, path, tmp_path / "state", limit)
        cloud.proxy.on_bytes = run.sent
        assert run.ended() == -signal.SIGKILL
        assert cloud.objects() == {}
    cloud.proxy.on_bytes = lambda _: None
    ended = send(cloud, path)
    assert (ended.code, ended.file["state"], ended.file["verified"]) == (0, "uploaded", True)
    assert list(cloud.objects().values()) == [path.read_bytes()]
    kept = sum((limit - HEAD_BYTES) // unit * unit for limit in limits)
    assert ended.file["resumed_bytes"] >= kept > count * MIB
    sent = sum(len(each.body) for each in cloud.proxy.sent(is_bytes))
    assert sent <= path.stat().st_size + count * BLOCK


@often
def test_a_killed_copy_to_a_folder_goes_on_and_ends_bit_identical(
    count, folder, path, send, tmp_path
):
    chance = random.Random(7)
    root, reached = tmp_path / "uploads", 0
    for _ in range(count):
        before = reached
        wanted = min(path.stat().st_size - MIB, before + chance.randrange(2 * MIB, 10 * MIB))
        run = Run(folder, path, tmp_path / "state", 1)
        deadline = time.monotonic() + 600
        while reached < wanted and time.monotonic() < deadline:
            time.sleep(0.001)  # In which 0.1 MB are copied.
            reached = max((each.stat().st_size for each in root.rglob("*.mp4")), default=0)
        run.kill()
        assert run.ended() == -signal.SIGKILL
        assert folder.objects() == {}
        assert reached >= wanted
    ended = send(folder, path)
    assert (ended.code, ended.file["state"], ended.file["verified"]) == (0, "uploaded", True)
    assert ended.file["resumed_bytes"] > 0
    assert list(folder.objects().values()) == [path.read_bytes()]
    assert [each for each in root.rglob("*") if each.is_file()] == list(root.glob("cam1/2*/*"))
