"""Every case of labels that other tools write gives what it should."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.called import vidset
from tests.formats.cases import CASES, place_of_the_cases, unpacked
from tests.formats.expected_cases import LOSSY, MADE, NOT_MADE, REFUSED, TAKEN
from vidset.labeling.broker import open_broker
from vidset.labeling.shapes import box_around
from vidset.local_labeling.importing import Import, Read, read_labels
from vidset.place import Place

pytestmark = pytest.mark.skipif(not CASES.exists(), reason=f"there is no {CASES}")
_FORMATS = {
    "coco": "coco",
    "cvat": "coco",
    "ls": "label-studio",
    "labelme": "labelme",
    "yolo": "yolo",
}
# What they are about is tested where it is: imports and their plans, exports, versions.
_ELSEWHERE = {
    "ds_two_files_same_names", "flow_halfdone_coco", "flow_override",
    "flow_reimport", "misc", "multi_annotators", "old_mtime", "own_export_split", "pred_score",
    "rt_full", "rt_simple", "stale_export", "stale_time_edit",
}  # fmt: skip


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return unpacked(tmp_path_factory.mktemp("cases"))


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return place_of_the_cases(tmp_path_factory.mktemp("out"))


def read(cases: Path, out: Path, case: str, kind: str, *, lossy: bool) -> tuple[Read, Place]:
    named = _FORMATS[case.partition("_")[0]]
    path = {"coco": "a.json", "label-studio": "export.json"}.get(named, "")
    place = Place.of(str(out), None, template=str(out / f"{kind}.yaml"))
    broker = open_broker(place.settings("inspect"))
    try:
        wanted = Import(named, str(cases / case / path), lossy=lossy, by="me")
        return read_labels(broker, place, wanted), place
    finally:
        broker.store.close()


def told(found: Read, place: Place) -> Iterator[str]:
    for said in found.said:
        name = place.name_of(said.image.id, said.image.uri)
        objects = []
        for item in said.answer.objects:
            around = box_around(item)
            edges = (around.x, around.y, around.width, around.height) if around else None
            shape = " {:.0f},{:.0f} {:.0f}x{:.0f}".format(*edges) if edges else ""
            objects.append(f"{item.label} {item.type}{shape}")
        what = ", ".join(objects) if said.answer.state == "labeled" else said.answer.state
        yield f"{name[0]}{int(Path(name).stem) // 1000}: {what}"


@pytest.mark.parametrize(("case", "kind", "wanted", "dropped"), TAKEN)
def test_a_case_says_what_it_should(cases, out, case, kind, wanted, dropped):
    found, place = read(cases, out, case, kind, lossy=case in LOSSY)
    assert "; ".join(told(found, place)) == wanted
    assert ", ".join(found.dropped) == dropped


@pytest.mark.parametrize(("case", "what"), LOSSY.items())
def test_what_cannot_be_held_is_refused_with_its_place_unless_it_may_be_left_out(
    cases, out, case, what
):
    kind = "polygon" if case.startswith("labelme") else "box"
    message = rf"\.json: \S*\[\d\]: an annotation cannot hold {what}; .*--lossy leaves them out"
    with pytest.raises(ValueError, match=message):
        read(cases, out, case, kind, lossy=False)


@pytest.mark.parametrize(("case", "kind", "message"), REFUSED)
def test_a_case_that_cannot_be_taken_is_refused_with_its_place(cases, out, case, kind, message):
    with pytest.raises(ValueError, match=message):
        read(cases, out, case, kind, lossy=False)


def create(cases: Path, folder: Path, case: str):
    place, source = folder / "place", cases / case
    assert vidset("init", place).code == 0
    source = source / "d" if (source / "d").is_dir() else source
    return vidset("dataset", "create", source, "-p", place, "--shares", "train=1", "--json")


@pytest.mark.parametrize(("case", "images"), MADE)
def test_a_dataset_is_made_of_a_case(cases, tmp_path, case, images):
    made = create(cases, tmp_path, case)
    assert made.code == 0, made.err
    assert made.found["images"] == images


@pytest.mark.parametrize(("case", "message"), NOT_MADE)
def test_a_case_of_which_no_dataset_can_be_made_is_refused(cases, tmp_path, case, message):
    made = create(cases, tmp_path, case)
    assert made.code in (1, 2)
    error = made.found["error"]["message"]
    assert message in error
    assert re.search("Traceback", made.err) is None


def test_two_sources_of_equal_names_do_not_clash(cases, tmp_path):
    assert vidset("init", tmp_path).code == 0
    folder = cases / "ds_two_files_same_names"
    sources = [f"coco:{folder}/{each}/a.json" for each in ("x", "y")]
    made = vidset("dataset", "create", *sources, "-p", tmp_path, "--shares", "train=1", "--json")
    assert made.found["images"] == 10


def test_each_case_is_expected_to_give_something(cases):
    known = {each[0] for table in (TAKEN, REFUSED, MADE, NOT_MADE) for each in table}
    there = {each.name for each in cases.iterdir() if each.is_dir()}
    assert there - known - _ELSEWHERE == set()
