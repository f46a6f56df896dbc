"""What the page's tables make of a place."""

from dataclasses import replace

import pytest

from tests.plan.ledgers import SOME
from vidset.elements import Extraction
from vidset.ledger.open import open_ledger
from vidset.project import Project
from vidset.selection.selection_file import make_selection, write_selection
from vidset.view.catalog import Catalog
from vidset.view.images import iter_keys


@pytest.fixture
def catalog(tmp_path):
    """A ledger of others: a sample is said to be kept, and no image is named."""
    frames = tuple(replace(frame, image_id=None, image_uri=None) for frame in SOME.frames)
    open_ledger(str(tmp_path)).commit([Extraction(SOME.video, frames)])
    made = Catalog(Project(str(tmp_path)))
    yield made
    made.close()


def test_a_sample_that_names_no_image_is_none(catalog):
    [counts] = catalog.rows("SELECT COUNT(*) AS n, COUNT(*) FILTER (kept) AS kept FROM samples")
    assert counts["kept"] > 0
    assert catalog.rows("SELECT COUNT(*) AS n FROM images") == [{"n": 0}]
    assert list(iter_keys(catalog)) == []


def test_what_cannot_be_read_is_told_and_the_rest_is_there(catalog, tmp_path):
    (tmp_path / "tags").mkdir()
    (tmp_path / "tags" / "x.json").write_text("{")
    assert catalog.refresh()
    [problem] = catalog.problems
    assert f"{tmp_path}/tags/x.json" in problem
    assert len(catalog.rows("SELECT 1 AS n FROM samples")) == len(SOME.frames)


def test_a_selection_that_was_changed_is_told_and_the_others_are_there(catalog, tmp_path):
    row = {
        "image_id": "a" * 32,
        "image_uri": "/a.jpg",
        "image_sha256": "b" * 64,
        "video_uri": "/a.mp4",
        "strategy": "time",
        "score": 1.0,
        "reason": "first",
    }
    by = {"actor": "ann", "made_at": "2026-03-01T12:00:00.000000+00:00"}
    made = make_selection([row], {"seed": 1}, by)
    write_selection(str(tmp_path), made)
    (tmp_path / "selections" / "0123456789ab.parquet").write_bytes(b"PAR1")
    assert catalog.refresh()
    assert not catalog.refresh()
    [problem] = catalog.problems
    assert "0123456789ab.parquet: wanted a selection" in problem
    assert catalog.rows("SELECT selection, rank, actor FROM selected") == [
        {"selection": made.id, "rank": 1, "actor": "ann"}
    ]
