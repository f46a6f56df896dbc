"""With the real DVC and git, and a folder as remote."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.cli.called import vidset
from tests.cli.dataset.test_exchange import create, draw
from tests.emulators.environments import python_for_test
from vidset.datasets.versions.forgotten import Forgotten, write_forgotten
from vidset.datasets.versions.repository import Repository

REQUIREMENTS = Path(__file__).with_name("dvc-requirements.txt")
INSTALL_SECONDS = 600

pytestmark = [pytest.mark.slow, pytest.mark.emulator]


@pytest.fixture(scope="module")
def python() -> Path:
    """The interpreter of an environment with DVC."""
    return python_for_test("dvc", REQUIREMENTS, INSTALL_SECONDS, is_complete=True)


def use_tools(folder: Path, python: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put `dvc`, and a git with settings of the test's own, on the PATH."""
    programs = folder / "bin"
    programs.mkdir()
    # The environment may have been moved: its programs are run by its interpreter.
    (programs / "dvc").write_text(f'#!/bin/sh\nexec "{python}" -m dvc "$@"\n')
    (programs / "dvc").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("DVC_NO_ANALYTICS", "1")
    for role in "AUTHOR", "COMMITTER":
        monkeypatch.setenv(f"GIT_{role}_NAME", "A. Tester")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "tester@example.org")


@pytest.fixture(scope="module")
def new_project(python, tmp_path_factory) -> Path:
    """A git repository with DVC and a remote that is the folder beside it. Only to be copied."""
    folder = tmp_path_factory.mktemp("new") / "project"
    folder.mkdir()
    with pytest.MonkeyPatch.context() as monkeypatch:
        use_tools(folder.parent, python, monkeypatch)
        run(folder, "git", "init", "--quiet", "--initial-branch", "main")
        run(folder, "dvc", "init", "--quiet")
        run(folder, "dvc", "remote", "add", "--quiet", "--default", "store", "../remote")
        run(folder, "git", "commit", "--quiet", "--all", "-m", "DVC")
    return folder


@pytest.fixture
def project(new_project, python, tmp_path, monkeypatch):
    """A git repository with DVC and a remote, a folder."""
    use_tools(tmp_path, python, monkeypatch)
    return shutil.copytree(new_project, tmp_path / "project")


def run(folder, *command):
    ended = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, timeout=600
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def to_dvc(tmp_path, project, version, tag, *more):
    return vidset(
        *("dataset", "push", version, "--to", f"dvc:{project / 'data' / 'noise'}"),
        *("--git-tag", tag, *more),
        *("-p", tmp_path / "here"),
    )


def from_dvc(tmp_path, project, revision, *more):
    return vidset(
        *("dataset", "pull", "--from", f"dvc:{project}#data/noise@{revision}", "--json", *more),
        *("-p", tmp_path / "there"),
    )


def test_versions_go_to_dvc_and_come_back_as_they_were(tmp_path, project):
    first = create(tmp_path, "v1", 8)
    assert to_dvc(tmp_path, project, "v1", "data-1", "--dvc-push").code == 0
    second = create(tmp_path, "v2", 12)
    assert to_dvc(tmp_path, project, "v2", "data-2", "--dvc-push").code == 0
    assert run(project, "git", "tag", "--list").split() == ["data-1", "data-2"]
    assert run(project, "git", "status", "--porcelain") == ""
    # From the remote, as on another machine.
    shutil.rmtree(project / ".dvc" / "cache")
    shutil.rmtree(project / "data" / "noise")
    for tag, id_, images in ("data-1", first, 8), ("data-2", second, 12):
        done = from_dvc(tmp_path, project, tag, "--name", tag)
        assert done.code == 0, done.err
        found = done.found
        assert (found["versions"], found["images"]) == ([id_], images)
        assert found["is_as_it_was"] is True
    there = Repository(tmp_path / "there" / "datasets")
    assert there.details("data-1") == Repository(tmp_path / "here" / "datasets").details("v1")
    assert there.measures("data-2").equals(
        Repository(tmp_path / "here" / "datasets").measures("v2")
    )


def test_what_the_team_changed_with_dvc_becomes_a_version_of_its_own(tmp_path, project):
    first = create(tmp_path, "v1", 8)
    assert to_dvc(tmp_path, project, "v1", "data-1").code == 0
    moved = next((project / "data" / "noise" / "train" / "a").iterdir())
    moved.rename(project / "data" / "noise" / "train" / "b" / moved.name)
    run(project, "dvc", "add", "--quiet", "data/noise")
    run(project, "git", "commit", "--quiet", "--all", "-m", "relabeled")
    done = from_dvc(tmp_path, project, "main")
    assert done.code == 0, done.err
    facts = done.found
    assert (facts["images"], facts["is_as_it_was"]) == (8, False)
    assert facts["versions"] != [first]


def test_a_version_from_which_images_were_removed_neither_goes_to_dvc_nor_comes_back(
    tmp_path, project
):
    id_ = create(tmp_path, "v1", 8)
    assert to_dvc(tmp_path, project, "v1", "data-1").code == 0
    assert from_dvc(tmp_path, project, "data-1").code == 0
    for place in "here", "there":
        removed = Forgotten(2, ("0" * 32,), None, "ada", "2026-01-01T00:00:00Z")
        write_forgotten(tmp_path / place / "datasets" / "versions" / id_, removed)
    pushed = to_dvc(tmp_path, project, "v1", "data-2")
    assert pushed.code == 1
    assert f"version {id_}: 2 images were removed from it" in pushed.err
    assert run(project, "git", "tag", "--list").split() == ["data-1"]
    [image, *_] = sorted((tmp_path / "there" / "datasets" / "images").rglob("*.png"))
    image.unlink()
    back = from_dvc(tmp_path, project, "data-1")
    assert back.code == 1
    assert "does not come back" in back.err
    assert not image.exists()


def changed(tmp_path, project, version):
    """The version that comes back after a commit of what was changed, and that which went there."""
    run(project, "dvc", "add", "--quiet", "data/noise")
    run(project, "git", "commit", "--quiet", "--all", "-m", "changed")
    done = from_dvc(tmp_path, project, "main", "--on-leaks", "keep")
    assert done.code == 0, done.err
    assert done.found["is_as_it_was"] is False
    there = Repository(tmp_path / "there" / "datasets")
    now = there.manifest(done.found["versions"][0])
    return list(now), list(Repository(tmp_path / "here" / "datasets").manifest(version))


@pytest.mark.chaos
def test_what_was_not_changed_stays_as_it_was(tmp_path, project):
    """Under other names its results could not be compared."""
    draw(tmp_path / "images", 8)
    grouped = ("--name", "v1", "--group-by", r"(\w)/", "--on-leaks", "keep", "-q")
    folders = ("dataset", "create", tmp_path / "images", "-p", tmp_path / "here")
    assert vidset(*folders, *grouped).code == 0
    assert to_dvc(tmp_path, project, "v1", "data-1").code == 0
    gone, edited = sorted((project / "data" / "noise" / "train" / "a").iterdir())[:2]
    gone.unlink()
    edited.write_bytes(cv2.imencode(".png", np.zeros((9, 9, 3), np.uint8))[1].tobytes())
    after, before = changed(tmp_path, project, "v1")
    same = {entry for entry in before if entry in after}
    assert len(same) == 6
    (other,) = (entry for entry in after if entry not in same)
    (was,) = (e for e in before if e.image_uri == other.image_uri)
    assert (other.width, was.width, other.group) == (9, 16, was.group)


@pytest.mark.chaos
def test_objects_stay_with_images_of_a_folder_that_was_changed(tmp_path, project):
    names = [f"{number}.png" for number in range(6)]
    box = {"category_id": 1, "bbox": [1, 2, 8, 8], "area": 64, "iscrowd": 0}
    sizes = {"width": 16, "height": 16}
    coco = {
        "images": [{"id": n, "file_name": name, **sizes} for n, name in enumerate(names)],
        "annotations": [{"id": n, "image_id": n, **box} for n in range(1, 6)],
        "categories": [{"id": 1, "name": "car"}],
    }
    for number, name in enumerate(names):
        noise = np.random.default_rng(number).integers(0, 256, (16, 16, 3), np.uint8)
        cv2.imwrite(str(tmp_path / name), noise)
    (tmp_path / "coco.json").write_text(json.dumps(coco))
    made = (tmp_path / "coco.json", "--images-in", tmp_path, "--name", "v1", "--skip-faults")
    assert vidset("dataset", "create", *made, "-p", tmp_path / "here", "-q").code == 0
    assert to_dvc(tmp_path, project, "v1", "data-1").code == 0
    gone = sorted((project / "data" / "noise" / "train").iterdir())[0]
    gone.unlink()
    after, before = changed(tmp_path, project, "v1")
    assert len(before) == 6
    assert after == [entry for entry in before if entry in after]
    assert len(after) == 5


@pytest.mark.chaos
def test_images_that_a_recipe_made_are_changed_before_it(tmp_path, project):
    create(tmp_path, "v0", 8)
    (tmp_path / "recipe.yaml").write_text("transforms: [pad]")
    recipe = ("apply", "v0", tmp_path / "recipe.yaml", "--name", "v1", "-p", tmp_path / "here")
    assert vidset("dataset", *recipe).code == 0
    assert to_dvc(tmp_path, project, "v1", "data-1").code == 0
    next((project / "data" / "noise" / "train" / "a").iterdir()).unlink()
    run(project, "dvc", "add", "--quiet", "data/noise")
    run(project, "git", "commit", "--quiet", "--all", "-m", "changed")
    refused = from_dvc(tmp_path, project, "main")
    assert refused.code == 2
    assert "a recipe made its images" in refused.refusal


def test_only_the_data_is_committed(tmp_path, project):
    create(tmp_path, "v1", 4)
    (project / "notes.txt").write_text("staged, not to be committed")
    run(project, "git", "add", "notes.txt")
    assert to_dvc(tmp_path, project, "v1", "data-1").code == 0
    changed = run(project, "git", "show", "--name-only", "--format=", "HEAD").split()
    assert sorted(changed) == ["data/.gitignore", "data/noise.dvc"]
    assert run(project, "git", "status", "--porcelain").strip() == "A  notes.txt"


@pytest.mark.parametrize(
    ("folder", "tag", "message"),
    [
        pytest.param("project/data", "used", "has a tag used already", id="tag"),
        pytest.param("project/data", "a b", "wanted the name of a git tag", id="no tag"),
        pytest.param("project/data", "--force", "wanted the name of a git tag", id="an option"),
        pytest.param("elsewhere/data", "t", "git rev-parse in", id="no git"),
        pytest.param("project/mine", "t", "wanted an earlier export", id="something else is there"),
    ],
)
def test_a_push_to_dvc_names_what_is_wrong_and_leaves_git_alone(
    tmp_path, project, folder, tag, message
):
    create(tmp_path, "v1", 2)
    run(project, "git", "tag", "used")
    (project / "mine").mkdir()
    (project / "mine" / "file").write_text("mine")
    before = run(project, "git", "rev-parse", "HEAD")
    command = (
        "dataset",
        "push",
        "v1",
        *("--to", f"dvc:{tmp_path / folder}"),
        f"--git-tag={tag}",
        "-p",
        tmp_path / "here",
    )
    refused = vidset(*command)
    assert refused.code == 2
    assert message in refused.refusal
    assert run(project, "git", "rev-parse", "HEAD") == before
    assert (project / "mine" / "file").read_text() == "mine"


def test_a_pull_from_dvc_says_what_dvc_said(tmp_path, project):
    draw(tmp_path / "images", 1)
    refused = from_dvc(tmp_path, project, "no-such-tag")
    assert refused.code == 2
    assert "dvc get" in refused.refusal
    assert "no-such-tag" in refused.refusal
