"""A place with something wrong of each kind that an overview tells of."""

from datetime import UTC, datetime
from pathlib import Path

from tests.cli.ledger_rows import frame_row, video_row
from tests.datasets.rows import Row, encoded, manifest_of, scene
from vidset.datasets.versions.repository import Repository
from vidset.elements import Extraction
from vidset.labeling.quarantine import quarantine
from vidset.labeling.stores.opening import open_store
from vidset.ledger.open import open_ledger

CROSSING = "val/twin.jpg"
_DAYS, _SAMPLES = 8, 20


def make_troubled(place: Path) -> Path:
    """One collector of two drifts, an answer is quarantined, a version has a leak and a new label.

    The version is `odd`, and nobody has checked it; `first`, before it, froze the schema.
    """
    place.mkdir(exist_ok=True)
    (place / "vidset.toml").write_text("")
    ledger = open_ledger(str(place))
    for day in range(_DAYS):
        ledger.commit([_drive("steady", day, 2), _drive("car-7", day, 2 if day < 6 else 12)])
    store = open_store(f"sqlite:{place}/labels.sqlite")
    now = datetime(2026, 1, 1, tzinfo=UTC)
    quarantine(store, b"{}", vendor="scale", reason="no label 'trator'", image_id=None, now=now)
    _write_versions(place)
    return place


def _drive(collector: str, day: int, blurred: int) -> Extraction:
    uri, uploaded_at = f"/{collector}/{day}.mp4", datetime(2026, 1, 1 + day, 12, tzinfo=UTC)
    of = {"video_uri": uri, "collector_id": collector, "uploaded_at": uploaded_at}
    frames = tuple(
        frame_row(
            **of,
            pts_seconds=float(at),
            kept=at >= blurred,
            reason="kept" if at >= blurred else "blurred",
        )
        for at in range(_SAMPLES)
    )
    return Extraction(video_row(**of, samples=_SAMPLES, kept=_SAMPLES - blurred), frames)


def _write_versions(place: Path) -> None:
    repository = Repository(place / "datasets")
    clean = [
        *(Row(f"train/{n}.png", encoded(scene(n)), label="ab"[n % 2]) for n in range(6)),
        *(Row(f"val/{n}.png", encoded(scene(n)), "validation", "ab"[n % 2]) for n in (7, 8)),
    ]
    odd = [Row(CROSSING, encoded(scene(0), ".jpg", 60), "validation"), Row("c", encoded(scene(9)))]
    for name, rows in ("first", clean), ("odd", [*clean, odd[0], odd[1]]):
        manifest, measures = manifest_of(rows)
        details = {"created_at": "2026-01-01" if name == "first" else "2026-01-02"}
        repository.name_version(name, repository.write_version(manifest, measures, details))
