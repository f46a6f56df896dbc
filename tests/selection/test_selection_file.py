"""A selection is written once, has an id of what it says, and is found by it."""

import pyarrow.parquet as pq
import pytest

from vidset.selection.selection_file import (
    make_selection,
    read_selection,
    read_selections,
    selection_ids,
    write_selection,
)

BY = {"actor": "Ada", "made_at": "2026-03-01T12:00:00+00:00"}


def row(number: int) -> dict:
    return {
        "image_id": f"{number:032x}",
        "image_uri": f"/out/images/a/0/{number:010d}.jpg",
        "image_sha256": f"{number:064x}",
        "video_uri": "/a.mp4",
        "strategy": "time",
        "score": 1.5,
        "reason": "the first of its video",
    }


def made(*numbers: int, seed: int = 1, by=BY):
    return make_selection([row(number) for number in numbers], {"seed": seed}, by)


def test_it_is_read_as_it_was_written(tmp_path):
    uri = write_selection(str(tmp_path), made(3, 1))
    found = read_selection(str(tmp_path), made(3, 1).id[:6])
    assert uri == str(tmp_path / "selections" / f"{found.id}.parquet")
    assert found.image_ids == [f"{number:032x}" for number in (3, 1)]
    assert found.table["rank"].to_pylist() == [1, 2]
    assert found.details == {"seed": 1, **BY}
    assert read_selection(str(tmp_path), uri).id == found.id


def test_its_id_is_of_what_it_says_and_not_of_who_or_when():
    other = {"actor": "Bob", "made_at": "2027-01-01T00:00:00+00:00"}
    assert made(1, 2).id == made(1, 2, by=other).id
    assert len({made(1, 2).id, made(2, 1).id, made(1).id, made(1, 2, seed=2).id}) == 4


def test_it_is_written_once(tmp_path):
    path = tmp_path / "selections" / f"{made(1).id}.parquet"
    write_selection(str(tmp_path), made(1))
    before = path.read_bytes()
    later = {**BY, "made_at": "2027-01-01T00:00:00+00:00"}
    write_selection(str(tmp_path), made(1, by=later))
    assert path.read_bytes() == before
    assert selection_ids(str(tmp_path)) == [made(1).id]


def test_a_changed_one_is_refused(tmp_path):
    uri = write_selection(str(tmp_path), made(1, 2))
    table = pq.read_table(uri)
    pq.write_table(table.slice(0, 1), uri)
    with pytest.raises(ValueError, match="it was changed"):
        read_selection(str(tmp_path), made(1, 2).id)


def test_what_is_none_is_named(tmp_path):
    write_selection(str(tmp_path), made(1))
    with pytest.raises(ValueError, match="selection 'abc'"):
        read_selection(str(tmp_path), "abc")
    (tmp_path / "selections" / "bad.parquet").write_bytes(b"nothing")
    with pytest.raises(ValueError, match=r"bad\.parquet: wanted a selection, it is none"):
        read_selections(str(tmp_path))
    with pytest.raises(ValueError, match=r"gone\.parquet: there is no such selection"):
        read_selection(str(tmp_path), f"{tmp_path}/gone.parquet")


def test_a_place_without_selections_has_none(tmp_path):
    assert selection_ids(str(tmp_path)) == []
    assert read_selections(str(tmp_path)) == []


def test_they_are_in_the_order_of_time(tmp_path):
    for number, moment in ((1, "2027"), (2, "2026"), (3, "2028")):
        by = {**BY, "made_at": f"{moment}-01-01T00:00:00+00:00"}
        write_selection(str(tmp_path), made(number, by=by))
    found = [each.image_ids[0][-1] for each in read_selections(str(tmp_path))]
    assert found == ["2", "1", "3"]
