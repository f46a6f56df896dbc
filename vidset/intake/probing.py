"""Other machines must see the place and the sources that this one sees: it is tried, not believed.

A worker without the shared folder would write into a folder of its own, and nobody would notice.
"""

import os
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial

from vidset.engines.elsewhere import differences, versions
from vidset.engines.engine import Engine, Limits, Open, Report, StartEngine, Work
from vidset.engines.registry import Start
from vidset.storage.open import open_store
from vidset.storage.uris import is_uri

_FOLDER = ".cache/probes/"
# What a killed run has left behind is cleared by a later one.
_OLD_SECONDS = 14 * 24 * 3600


@contextmanager
def elsewhere(
    start: Start,
    address: str | None,
    output: str,
    inputs: Sequence[str],
    packages: Sequence[str] = (),
) -> Iterator[StartEngine]:
    """Yield what starts an engine of other machines, in place of the one of this machine.

    Args:
        output: the place; a folder as an absolute path.
        inputs: what workers must see beside the place.
        packages: what must be of this machine's version there, beside what decides the bytes of
            images, by their names on PyPI.
    """
    with _probe(output, inputs, packages) as probed:

        def started(_: int, opens: Open, limits: Limits, report: Report) -> Engine:
            return start(address, partial(probed, opens), limits, report)

        yield started


@contextmanager
def _probe(
    output: str, inputs: Sequence[str], packages: Sequence[str]
) -> Iterator[Callable[[Open], Work]]:
    """Yield what opens work, where the place and the sources are those of this machine.

    For as long as the block runs, workers may come.
    """
    store = open_store(output)
    for old in store.list(_FOLDER):
        made_at = old.name.removeprefix(_FOLDER).partition("-")[0]
        if made_at.isdecimal() and time.time() - int(made_at) > _OLD_SECONDS:
            store.delete(old.name)
    name, token = f"{_FOLDER}{int(time.time())}-{uuid.uuid4().hex}", uuid.uuid4().hex.encode()
    store.put(name, token, "text/plain")
    local = tuple(_folder_of(each) for each in inputs if not is_uri(each))
    try:
        yield partial(_open, output, name, token, local, versions(packages))
    finally:
        store.delete(name)


def _folder_of(pattern: str) -> str:
    """Return the file or folder that is named, or the one that a pattern begins with."""
    path = os.path.abspath(pattern)
    while not os.path.exists(path):
        path = os.path.dirname(path)
    return path


def _open(
    output: str,
    name: str,
    token: bytes,
    inputs: Sequence[str],
    wanted: Mapping[str, str | None],
    opens: Open,
) -> Work:
    if wrong := differences(wanted):
        raise ValueError(f"it has other versions: {wrong}")
    try:
        seen = open_store(output).read(name)
    except FileNotFoundError:
        seen = b""
    if seen != token:
        raise ValueError(f"it does not see {output} as the machine does that gives the work")
    for each in inputs:
        if not os.path.exists(each):
            raise ValueError(f"it does not see {each}")
    return opens()
