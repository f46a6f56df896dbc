"""`vidset dataset create`."""

import json
from collections import Counter
from dataclasses import dataclass
from typing import Any

from vidset.cli.dataset.counts import show_labels
from vidset.cli.dataset.display import SHORT_ID, counting, refused, say, warn
from vidset.cli.dataset.near_distance import near_distance_of
from vidset.datasets.curation.create import Created, Wanted, create
from vidset.datasets.curation.sources.opening import Sources, open_source
from vidset.datasets.curation.sources.source import Fault
from vidset.datasets.errors import FaultsError
from vidset.datasets.versions.counts import label_counts
from vidset.datasets.versions.manifest import Manifest
from vidset.datasets.versions.names import check_name
from vidset.datasets.versions.repository import Repository

# Of what is harmless, so many are named on the screen; --json and version.json name all.
_NAMED = 10


@dataclass(frozen=True, slots=True)
class Request:
    """What the user asked for, as it was typed."""

    repository: str
    sources: Sources
    name: str | None = None
    message: str = ""
    parent: str | None = None
    instead: bool = False
    split: str = "train=0.8,validation=0.1,test=0.1"
    seed: int = 0
    near_distance: str = "6"
    leaks: str = "refuse"
    cap: int | None = None
    labels: str | None = None
    skip_faults: bool = False
    fatal_anomalies: bool = False


def run_create(request: Request, *, as_json: bool = False, quiet: bool = False) -> int:
    """Create, name and report; the exit code: 1 when something is wrong with the data.

    Raises:
        ValueError: bad usage; nothing was made.
    """
    wanted = wanted_by(request)
    repository = Repository(request.repository)
    if request.name is not None:
        check_name(request.name)
    source = open_source(request.sources, lambda line: None if quiet else warn([line]))
    try:
        with counting("Reading images", show=not (as_json or quiet)) as progress:
            made = create(repository, source, wanted, progress)
    except FaultsError as error:
        return refused(error, as_json=as_json)
    if request.name is not None:
        repository.name_version(request.name, made.id)
    _show_faults(made.faults)
    warn(f"left out: {line}" for line in made.dropped)
    warn(f"not as the schema expects: {line}" for line in made.anomalies)
    if as_json:
        print(json.dumps(as_object(made, request.name)))
    elif not quiet:
        _show(made, request.name)
    return 0


def wanted_by(request: Request) -> Wanted:
    """Raises ValueError: an option is not as it should be."""
    labels = None
    if request.labels is not None:
        labels = frozenset(label.strip() for label in request.labels.split(",") if label.strip())
        if not labels:
            raise ValueError("--labels: wanted labels with commas between them, got none")
    return Wanted(
        shares=read_shares(request.split),
        seed=request.seed,
        parent=request.parent,
        instead=request.instead,
        near_distance=near_distance_of(request.near_distance),
        leaks=request.leaks,  # pyright: ignore[reportArgumentType]  It is checked there.
        cap=request.cap,
        labels=labels,
        skip_faults=request.skip_faults,
        fatal_anomalies=request.fatal_anomalies,
        message=request.message,
    )


def read_shares(text: str) -> dict[str, float]:
    """From `train=0.8,validation=0.2`.

    Raises:
        ValueError: it is none such.
    """
    shares: dict[str, float] = {}
    for part in text.split(","):
        name, _, share = (piece.strip() for piece in part.partition("="))
        try:
            number = float(share)
        except ValueError:
            number = None
        if not name or number is None or name in shares:
            raise ValueError(f"--split: wanted such as train=0.8,validation=0.2, got {text!r}")
        shares[name] = number
    return shares


def as_object(made: Created, name: str | None) -> dict[str, Any]:
    """What `--json` prints."""
    return {
        "id": made.id,
        "name": name,
        "is_new": made.is_new,
        "images": len(made.images),
        "splits": {split: _number_in(made.images, split) for split in made.images.splits},
        "labels": label_counts(made.images.table),
        "against_parent": dict(made.counts),
        "left_out": [
            {"kind": fault.kind, "name": fault.name, "what": fault.what} for fault in made.faults
        ],
        "dropped": made.dropped,
        "leaks": made.leaks,
        "anomalies": made.anomalies,
    }


def _number_in(images: Manifest, split: str) -> int:
    return images.table["split"].to_pylist().count(split)


def _show_faults(faults: list[Fault]) -> None:
    named: Counter[str] = Counter()
    for fault in faults:
        named[fault.kind] += 1
        if named[fault.kind] <= _NAMED or not fault.kind.is_harmless:
            warn([f"left out: {fault}"])
    for kind, number in named.items():
        more = number - _NAMED
        if more > 0 and any(fault.kind == kind and fault.kind.is_harmless for fault in faults):
            warn([f"left out: {more} more: {kind}"])


def _show(made: Created, name: str | None) -> None:
    there = "" if made.is_new else ", which was there already"
    called = f" {name}" if name else ""
    say(f"version {made.id[:SHORT_ID]}{called}: {len(made.images):,} images{there}")
    show_labels(made.images)
    if made.counts:
        each = ", ".join(f"{number:,} {what}" for what, number in made.counts.items() if number)
        say(f"against its parent: {each or 'the same'}")
    if made.leaks:
        say(f"{len(made.leaks):,} images stand in several splits, and are kept so")
