"""Tells a catalogue outside what a command has made, where VIDSET_OPENLINEAGE asks for it."""

import os
from collections.abc import Iterable
from typing import Any

from vidset.cli.console import tell


def tell_catalogue(
    place: str, job: str, inputs: Iterable[str], outputs: Iterable[str], **facts: Any
) -> None:
    """Send an OpenLineage event; nothing is imported or done where nobody has asked for events.

    Args:
        job: the command's words.
        inputs, outputs: names below the place, or uris.
    """
    if not os.environ.get("VIDSET_OPENLINEAGE"):
        return
    from vidset.lineage.openlineage import complete_event, emit

    emit(lambda: complete_event(place, job, inputs, outputs, facts), tell)
