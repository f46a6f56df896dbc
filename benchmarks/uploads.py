"""Measures what `vidset upload` costs: many small files, a rate, a link that breaks."""

import itertools
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.drawing import write_video
from tests.emulators.gcs import Gcs, gcs_server
from tests.emulators.s3 import S3, s3_server
from tests.emulators.servers import ToolMissingError
from tests.upload import stores
from tests.upload.gcs_front import GcsFront
from tests.upload.proxy import Fault, Request, running
from tests.upload.recordings import MIB, environment, recording
from tests.upload.s3_front import S3Front
from tests.upload.stores import Store, is_bytes

_FILES = {"folder": (5_000, 50_000), "gs": (1_000, 5_000), "s3": (1_000, 5_000)}
_RATES = (200_000, 2_000_000, 20_000_000)
_RATE_SECONDS = 10
_BROKEN_BYTES = 40 * MIB
# A link that breaks in the middle of every third request that carries bytes.
_EVERY = 3
_PEAK = re.compile(r"VmHWM:\s*(\d+) kB")


@dataclass(frozen=True, slots=True)
class _Ended:
    seconds: float
    cpu_seconds: float
    peak_mb: float
    found: dict[str, object]


def run(_: list[Path]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        _many_files(Path(folder))
        _rates(Path(folder))
        _broken_link(Path(folder))


def _many_files(folder: Path) -> None:
    print(
        "small files, deleted after the upload: CPU ms a file and peak memory, by name / --follow"
    )
    print(f"{'to':>7} {'files':>7} {'CPU ms':>14} {'peak MB':>16}")
    for kind, counts in _FILES.items():
        for number in counts:
            found = []
            for is_followed in (False, True):
                with _store(kind, folder) as store:
                    card = _card(folder, number)
                    arguments = (card, "--delete", "--settle", "0")
                    ended = _followed(store, card) if is_followed else _upload(store, *arguments)
                    left = sum(1 for _ in card.iterdir())
                    if left:
                        raise RuntimeError(f"{left} of {number} files are still on the card")
                found.append(ended)
            by_name, followed = found
            cpu = [f"{1000 * each.cpu_seconds / number:.2f}" for each in found]
            peak = f"{by_name.peak_mb:.0f} / {followed.peak_mb:.0f}"
            print(f"{kind:>7} {number:7,} {' / '.join(cpu):>14} {peak:>16}", flush=True)


def _rates(folder: Path) -> None:
    print(
        f"\n--rate: what is sent in the {_RATE_SECONDS} s after the first second, of what was asked"
    )
    path = recording(folder / "rate.mp4", _RATES[-1] * (_RATE_SECONDS + 4))
    for kind in "gs", "s3":
        shares = []
        for rate in _RATES:
            with _store(kind, folder) as store:
                shares.append(_rate(store, path, rate) / rate)
        each = ", ".join(
            f"{rate / 1e6:g} MB/s {share:.3f}" for rate, share in zip(_RATES, shares, strict=True)
        )
        print(f"{kind:>7}: {each}", flush=True)


def _rate(store: Store, path: Path, rate: int) -> float:
    """Return the bytes a second that reach the store's door."""
    if store.proxy is None:
        raise ValueError("a folder has no door")
    arrived: list[tuple[float, int]] = []
    store.proxy.on_bytes = lambda size: arrived.append((time.monotonic(), size))
    with _started(store, path, "--rate", str(rate)) as process:
        while not arrived and process.poll() is None:
            time.sleep(0.05)
        time.sleep(_RATE_SECONDS + 1.5)
        process.send_signal(signal.SIGTERM)
        process.wait()
    begin = arrived[0][0] + 1
    size = sum(n for at, n in arrived if begin <= at < begin + _RATE_SECONDS)
    return size / _RATE_SECONDS


def _broken_link(folder: Path) -> None:
    print(f"\n{_BROKEN_BYTES // MIB} MiB over a link that breaks in every {_EVERY}rd request")
    path = recording(folder / "broken.mp4", _BROKEN_BYTES)
    for kind in "gs", "s3":
        with _store(kind, folder) as store:
            if store.proxy is None:
                raise ValueError("a folder has no link")
            store.proxy.faults = [Fault(_every(_EVERY), "in the body", 1e9)]
            ended = _upload(store, path)
            (only,) = ended.found["files"]  # pyright: ignore[reportGeneralTypeIssues]
            sent = only["sent_bytes"] / _BROKEN_BYTES
            print(f"{kind:>7}: {only['state']}, {sent:.2f} times its size was sent", flush=True)


def _every(number: int) -> Callable[[Request], bool]:
    """Every so manieth of the requests that carry bytes."""
    count = itertools.count(1)
    return lambda request: is_bytes(request) and next(count) % number == 0


def _card(folder: Path, number: int) -> Path:
    """A card with so many recordings of 2 KB, no two alike."""
    card = folder / "card"
    card.mkdir(exist_ok=True)
    data = write_video(folder / "small.mp4", scenes=[1], seconds_each=0.2, size=(64, 48))
    head = data.read_bytes() if isinstance(data, Path) else (folder / "small.mp4").read_bytes()
    for each in range(number):
        box = (16).to_bytes(4) + b"free" + each.to_bytes(8)
        (card / f"{each:06}.mp4").write_bytes(head + box)
    return card


@contextmanager
def _store(kind: str, folder: Path) -> Iterator[Store]:
    """An empty store of this kind; behind a proxy, unless it is a folder."""
    with ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=folder)))
        try:
            if kind == "gs":
                server = stack.enter_context(gcs_server(folder=place))
                proxy = stack.enter_context(running(GcsFront(server.url.removeprefix("http://"))))
                yield stores.cloud_storage(Gcs(server.url, "benchmarks"), proxy)
            elif kind == "s3":
                server = stack.enter_context(s3_server(folder=place))
                proxy = stack.enter_context(running(S3Front(server.url.removeprefix("http://"))))
                yield stores.s3_bucket(S3(server.url), proxy)
            else:
                yield stores.folder(place / "uploads")
        except ToolMissingError as error:
            raise SystemExit(str(error)) from None


def _environment(store: Store) -> dict[str, str]:
    """Returns where it goes, with compiled modules kept, as an installed program has them."""
    return environment(store.environment | {"PYTHONDONTWRITEBYTECODE": ""})


def _words(store: Store, arguments: Sequence[object], state: str) -> list[str]:
    to = ("--to", store.bucket, "--collector", "cam1", "--state", state)
    return [sys.executable, "-m", "vidset", "upload", *map(str, (*arguments, *to))]


@contextmanager
def _started(store: Store, *arguments: object) -> Iterator[subprocess.Popen[bytes]]:
    with tempfile.TemporaryDirectory() as state:
        process = subprocess.Popen(
            _words(store, arguments, state),
            env=_environment(store),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        yield process


def _upload(store: Store, *arguments: object) -> _Ended:
    """Run it to its end."""
    return _measured(store, [*arguments, "--json"], lambda _: None)


def _followed(store: Store, card: Path) -> _Ended:
    """Follow the card until it is empty."""

    def stop(process: subprocess.Popen[bytes]) -> None:
        while any(card.iterdir()):
            time.sleep(0.2)
        process.send_signal(signal.SIGTERM)

    options = ["--follow", "--delete", "--settle", "0.1", "--poll", "1", "--json"]
    return _measured(store, [card, *options], stop)


def _measured(
    store: Store, arguments: Sequence[object], meanwhile: Callable[[subprocess.Popen[bytes]], None]
) -> _Ended:
    with tempfile.TemporaryDirectory() as state, tempfile.TemporaryFile() as out:
        began = time.monotonic()
        process = subprocess.Popen(
            _words(store, arguments, state), env=_environment(store), stdout=out
        )
        peak = _Peak(process.pid)
        meanwhile(process)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - began
        code = os.waitstatus_to_exitcode(status)
        if code:
            raise RuntimeError(f"vidset upload ended with {code}")
        out.seek(0)
        found = json.loads(out.read())
    return _Ended(seconds, usage.ru_utime + usage.ru_stime, peak.mb, found)


class _Peak:
    """Watches the peak of a process's memory: what `wait4` tells has ours in it, from its fork."""

    def __init__(self, pid: int):
        self.mb = 0.0
        self._status = Path(f"/proc/{pid}/status")
        threading.Thread(target=self._look, daemon=True).start()

    def _look(self) -> None:
        with suppress(OSError):
            while found := _PEAK.search(self._status.read_text()):
                self.mb = int(found[1]) / 1000
                time.sleep(0.05)
