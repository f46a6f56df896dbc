"""The cases in which labels are imported, edited, exported and imported again, as one types it."""

import json
import os
import shutil
from pathlib import Path

import pytest

from tests.cli.called import Called, vidset
from tests.cli.label.imported import counts, documents
from tests.cli.labels import label
from tests.formats.cases import CARS, CASES, DRIVE, name_of, place_of_the_cases, unpacked

pytestmark = pytest.mark.skipif(not CASES.exists(), reason=f"there is no {CASES}")
FIRST, SECOND = name_of(CARS, 0), name_of(CARS, 1)
OLD, NEW = (640, 72, 256, 144), (128, 72, 256, 144)  # What old.json and new.json have drawn.
_TEMPLATE = """\
name: x
instruction: x
labels:
  - {name: car, type: box}
  - {name: camión grande, type: box}
  - {name: lane, type: polygon}
  - {name: rain, type: classification}
attributes:
  - {name: occluded, choices: ["no", partly, mostly], labels: [car]}
  - {name: colors, choices: [red, blue], many: true}
"""


@pytest.fixture(scope="module")
def cases(tmp_path_factory) -> Path:
    return unpacked(tmp_path_factory.mktemp("cases"))


@pytest.fixture(scope="module")
def empty(tmp_path_factory) -> Path:
    out = place_of_the_cases(tmp_path_factory.mktemp("out") / "out")
    (out / "rt.yaml").write_text(_TEMPLATE)
    return out


@pytest.fixture
def out(empty, tmp_path) -> Path:
    return shutil.copytree(empty, tmp_path / "out")


def imported(out: Path, file: Path, name: str, *more: str, template: str = "box") -> Called:
    words = ("-f", name, "-p", out, "--template", out / f"{template}.yaml", "--json")
    return label("import", file, *words, *more)


def boxes(out: Path, name: str = FIRST) -> list[tuple[float, ...]]:
    """The boxes of an image, as they hold now."""
    [found] = [each for each in documents(out, "annotations") if each["image_uri"].endswith(name)]
    edges = [
        [item["box"][key] for key in ("x", "y", "width", "height")] for item in found["objects"]
    ]
    return [tuple(map(round, each)) for each in edges]


def answers(out: Path) -> int:
    return len(documents(out, "answers"))


def test_stale_time_edit(cases, out):
    case = cases / "stale_time_edit"
    assert counts(imported(out, case / "seed.json", "label-studio")) == {"stored": 1, "new": 1}
    found = imported(out, case / "edited.json", "coco")
    assert counts(found) == {"stored": 1, "changed": 1}
    assert (boxes(out), answers(out)) == ([(3, 2, 314, 40)], 2)


def test_old_mtime(cases, out, tmp_path):
    case = cases / "old_mtime"
    imported(out, case / "ls.json", "label-studio")
    file = Path(shutil.copy(case / "coco.json", tmp_path))
    os.utime(file, (1.7e9, 1.7e9))  # In 2023: before the answers, which are of November 2026.
    found = imported(out, file, "coco")
    assert counts(found) == {"conflicting": 1}
    assert "user 1 labeled it at 2026-11-01 00:00:00 UTC, after the file's 2023-11-14" in found.err
    found = imported(out, file, "coco", "--since", "2026-11-02")
    assert counts(found) == {"stored": 1, "changed": 1}
    assert (boxes(out), answers(out)) == ([(500, 500, 30, 40)], 2)


def test_flow_halfdone_coco(cases, out):
    seed = json.loads((cases / "flow_reimport" / "new.json").read_text())
    task = {**seed[0], "data": {"image": name_of(CARS, 3)}}
    (out / "seed.json").write_text(json.dumps([*seed, task]))
    assert counts(imported(out, out / "seed.json", "label-studio"))["new"] == 2
    found = imported(out, cases / "flow_halfdone_coco" / "a.json", "coco")
    assert counts(found) == {"stored": 1, "new": 1, "emptied": 2, "unlabeled": 17}
    assert set(found.found["left"]) == {FIRST, name_of(CARS, 3)}
    assert boxes(out) == boxes(out, name_of(CARS, 3)) == [NEW]


def test_flow_override(cases, out):
    case = cases / "flow_override"
    imported(out, case / "ls.json", "label-studio")
    # The second image has no label file: nothing is said of it.
    found = imported(out, case / "yolo", "yolo")
    assert counts(found) == {"stored": 1, "changed": 1, "unlabeled": 1}
    assert (boxes(out), boxes(out, SECOND)) == ([(512, 288, 256, 144)], [NEW])


def test_flow_reimport(cases, out):
    case = cases / "flow_reimport"
    assert counts(imported(out, case / "old.json", "label-studio")) == {"stored": 1, "new": 1}
    assert boxes(out) == [OLD]
    assert counts(imported(out, case / "new.json", "label-studio")) == {"stored": 1, "changed": 1}
    assert counts(imported(out, case / "old.json", "label-studio")) == {"conflicting": 1}
    assert boxes(out) == [NEW]
    for file in ("edited_by_other_tool.json", "edited_no_origin.json"):
        assert imported(out, case / file, "coco").code == 0
        assert boxes(out) == [(1, 2, 300, 40)]
    # It is as old as the edit tells to be, and says what was edited.
    found = imported(out, case / "new.json", "label-studio")
    assert counts(found) == {"conflicting": 1}
    assert "the file says what revision 2 said, and not that it is newer" in found.err
    assert "--force takes what the files say where it conflicts" in found.err
    assert boxes(out) == [(1, 2, 300, 40)]
    assert counts(imported(out, case / "new.json", "label-studio", "--force"))["stored"] == 1
    assert boxes(out) == [NEW]


@pytest.mark.parametrize("rule", ["latest", "majority"])
def test_multi_annotators(cases, out, monkeypatch, rule):
    monkeypatch.setenv("LABELING_CONSENSUS", rule)
    planned = []
    for who in ("alice", "bob", "carol"):
        more = ("--annotator", who, "--yes")
        found = imported(out, cases / "multi_annotators" / f"{who}.json", "coco", *more)
        planned.append(found.found["labels"]["car"])
        assert len(boxes(out)) == planned[-1][1]  # The plan says what came of it.
    assert (
        planned
        == {
            "latest": [[0, 2], [2, 1], [1, 2]],
            "majority": [[0, 2], [2, 1], [1, 1]],
        }[rule]
    )
    assert answers(out) == 3


def test_the_newest_of_an_annotators_answers_counts_wherever_it_stands(cases, out):
    file = cases / "ls_same_annotator_twice" / "export.json"
    assert counts(imported(out, file, "label-studio")) == {"stored": 2, "new": 1}
    assert boxes(out) == [NEW]  # Of 2024-01-02; the second in the file is of the day before.


def test_a_skip_does_not_take_away_what_another_annotator_drew(cases, out):
    file = cases / "ls_cancelled+ok" / "export.json"
    found = imported(out, file, "label-studio")
    assert found.found["labels"] == {"car": [0, 1]}
    assert (boxes(out), answers(out)) == ([NEW], 2)


def test_pred_score(cases, out):
    file = cases / "pred_score" / "a.json"
    told = imported(out, file, "label-studio").found["dropped"]
    assert told == {"tasks without annotations, whose predictions --predictions imports": 1}
    assert imported(out, file, "label-studio", "--predictions").found["stored"] == 1
    [found] = documents(out, "predictions")
    assert (found["source"], found["objects"][0]["attributes"]) == ("v9", {"score": 0.83})


def test_our_own_tasks_come_back_from_label_studio(cases, out):
    found = imported(out, cases / "misc" / "own_ls_export.json", "label-studio")
    assert counts(found) == {"stored": 1, "new": 1}
    assert boxes(out) == [(13, 7, 640, 360)]


@pytest.mark.parametrize("file", ["task_coco.zip", "annotations"])
def test_zip_files_and_folders_of_coco_are_opened(cases, out, file):
    assert counts(imported(out, cases / "misc" / file, "coco")) == {"stored": 1, "new": 1}


def test_stale_export(cases, out, tmp_path):
    def exported(name: str) -> int:
        words = ("export", "-f", name, "-o", tmp_path / name, "--labels-only", "--lossy")
        return vidset(*words, "--overwrite", "-p", out, "--json").found["images"]

    case, names = cases / "stale_export", ("labelme", "yolo", "voc")
    imported(out, case / "1.json", "label-studio")
    assert [exported(name) for name in names] == [2, 2, 2]
    skipped = imported(out, case / "2.json", "label-studio", "--allow-empty", "--yes")
    assert counts(skipped) == {"stored": 1, "emptied": 1}
    assert [exported(name) for name in names] == [1, 1, 1]
    for name in names:  # What was exported first does not come back.
        assert counts(imported(out, tmp_path / name, name)) == {"unchanged": 1}


_ALL_BUT_SKIPS = {"skipped images": 1}
_ROUND_TRIPS = {
    "label-studio": {},
    "coco": {"classifications": 1, **_ALL_BUT_SKIPS},
    "csv": _ALL_BUT_SKIPS,
    "cvat": {"attributes with several values": 1, **_ALL_BUT_SKIPS},
    "datumaro": _ALL_BUT_SKIPS,
    "labelme": _ALL_BUT_SKIPS,
    "voc": {"outlines": 1, "rotations": 1, **_ALL_BUT_SKIPS},
}


@pytest.mark.parametrize("name", _ROUND_TRIPS)
def test_rt_full(cases, out, empty, tmp_path, name):
    first = imported(out, cases / "rt_full" / "ls.json", "label-studio", template="rt")
    assert counts(first) == {"stored": 8, "new": 8}
    target, template = tmp_path / name, ("--template", out / "rt.yaml", "--json")
    words = ("export", "-f", name, "-o", target, "--labels-only", "-p", out, *template)
    written = vidset(*words, "--lossy").found
    assert written["dropped"] == _ROUND_TRIPS[name]
    back = shutil.copytree(empty, tmp_path / "back")
    if name == "voc":  # The lane comes back as a box.
        (back / "rt.yaml").write_text(_TEMPLATE.replace("polygon", "box"))
    assert imported(back, target, name, template="rt").found["stored"] == written["images"]
    assert counts(imported(out, target, name, template="rt"))["unchanged"] == written["images"]
    kept, lost = _said(back), _said(out).items() - _said(back).items()
    names = {image for image, _ in lost}
    changed = {
        "coco": {name_of(CARS, 5)},
        "cvat": {FIRST},
        "voc": {name_of(CARS, n) for n in (0, 2, 4, 6)},  # Its pixels are whole ones.
    }
    gone = {name_of(CARS, 3)} if "skipped images" in _ROUND_TRIPS[name] else set()
    assert names == changed.get(name, set()) | gone
    assert set(kept) >= {FIRST, SECOND, name_of(CARS, 2), name_of(DRIVE, 0)}


def _said(out: Path) -> dict[str, str]:
    """Each image's labels, without ids, to hundredths of a pixel."""
    found = {}
    for each in documents(out, "annotations"):
        items = [{**item, "id": None} for item in each["objects"]]
        text = json.dumps([each["state"], items], sort_keys=True)
        found[each["image_uri"].partition("/images/")[2]] = json.dumps(
            json.loads(text, parse_float=lambda number: round(float(number), 2))
        )
    return found
