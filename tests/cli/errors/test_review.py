import json
import re

import pytest

from tests.cli.called import vidset
from tests.cli.errors.samples import make_case
from tests.training.scoring.runs import sha


@pytest.fixture
def reviewed(tmp_path):
    """The errors of a run, and its version."""
    run, manifest = make_case(tmp_path)
    done = vidset("errors", run, "-o", tmp_path / "out", "-p", tmp_path, "--quiet")
    assert done.code == 0, done.err
    return tmp_path, manifest


def fix(place, action="keep", **more):
    return {"image_sha256": sha(place), "image_uri": f"{place}.png", "action": action, **more}


def decide(folder, version, fixes):
    path = folder / "decisions.json"
    path.write_text(json.dumps({"version": version, "fixes": fixes}))
    return path


RELABEL = fix(4, "relabel", label="ii", category="label wrong")
REMOVE = fix(11, "remove", category="none of the labels")
RIGHT = fix(22)


def test_a_review_is_counted_and_becomes_the_next_version(reviewed):
    folder, manifest = reviewed
    path = decide(folder, manifest.id, [RELABEL, REMOVE, RIGHT])
    done = vidset("review", path, "-p", folder, "--errors", folder / "out", "--json")
    assert done.code == 0, done.err
    found = done.found
    assert (found["shown"], found["decided"], found["undecided"]) == (3, 3, 0)
    assert found["categories"][:2] == [
        {"name": "label wrong", "remedy": "relabel", "images": 1, "percent": 33.3},
        {"name": "none of the labels", "remedy": "remove", "images": 1, "percent": 33.3},
    ]
    assert found["right"] == {"images": 1, "percent": 33.3}
    assert found["remedies"]["preprocess"] == {"images": 0, "percent": 0.0}
    fixes = folder / "out" / "fixes.json"
    made = vidset(
        *("dataset", "fix", manifest.id, fixes, "--name", "v0.1"),
        *("-p", folder, "--json"),
    )
    assert made.code == 0, made.err
    assert made.found["images"] == 35
    assert made.found["changes"] == {"validation": {"relabeled": 1, "removed": 1}}
    shown = vidset("dataset", "show", "v0.1", "-p", folder, "--json")
    assert shown.code == 0, shown.err


def test_a_review_is_told_to_a_person(reviewed):
    folder, manifest = reviewed
    path = decide(folder, manifest.id, [RELABEL, REMOVE])
    out = vidset("review", path, "-p", folder, "--errors", folder / "out").out
    assert "2 of 3 images decided" in out
    assert "label wrong             1   50.0 %  relabel" in out
    assert "1 to relabel, 1 to remove" in out


@pytest.mark.parametrize(
    ("fixes", "reason"),
    [
        pytest.param([fix(1)], "1.png .*: this image was not shown", id="another image"),
        pytest.param([fix(4, category="odd")], "got 'odd'", id="another category"),
        pytest.param([fix(4), fix(4)], "4.png .*: decided twice", id="twice"),
        pytest.param([fix(4, "erase")], "wanted action relabel, remove, keep", id="action"),
        pytest.param([fix(4, label="i")], "a label stands with relabel", id="a label to keep"),
        pytest.param([{"action": "keep"}], "wanted image_sha256, got None", id="no image"),
    ],
)
def test_decisions_that_cannot_be_counted_are_named(reviewed, fixes, reason):
    folder, manifest = reviewed
    path = decide(folder, manifest.id, fixes)
    done = vidset("review", path, "-p", folder, "--errors", folder / "out")
    assert done.code == 1
    assert re.search(reason, done.err)
    assert not (folder / "out" / "fixes.json").exists()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param(None, "there is no such file of decisions", id="not there"),
        pytest.param("{", "wanted JSON", id="broken"),
        pytest.param('{"version": "x"}', 'wanted {"version": id, "fixes": [...]}', id="no fixes"),
        pytest.param('{"version": "other", "fixes": []}', "is of version other", id="version"),
    ],
)
def test_a_file_that_is_no_review_of_these_errors_is_refused(reviewed, text, reason):
    folder, _ = reviewed
    path = folder / "given.json"
    if text is not None:
        path.write_text(text)
    done = vidset("review", path, "-p", folder, "--errors", folder / "out")
    assert done.code == 2
    assert reason in done.err
