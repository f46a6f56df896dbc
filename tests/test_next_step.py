"""The command that makes sense next, by what a place holds."""

import json
from pathlib import Path

import pytest

from tests.documents.labels import annotation, put_annotations, sqlite_store
from vidset.next_step import next_version_name, next_words
from vidset.project import Project


@pytest.fixture
def project(tmp_path) -> Project:
    return Project(str(tmp_path), environment={})


def write(path: Path, text: str = "") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def version(place: Path, id_: str) -> None:
    write(place / "datasets" / "versions" / id_ / "version.json", "{}")


def label(place: Path, images: int) -> None:
    """Leave annotations as an import does, without tasks."""
    store = sqlite_store(place)
    put_annotations(store, *map(annotation, range(images)))
    store.close()


def run(place: Path, name: str, of: str, state: str = "done") -> None:
    write(place / "runs" / name / "run.json", json.dumps({"version": of, "state": state}))


def test_an_empty_place_wants_videos(project):
    assert next_words(project) == "vidset extract VIDEOS"


def test_after_an_extraction_comes_the_plan_and_then_labeling(project, tmp_path):
    write(tmp_path / "videos" / "a.parquet")
    assert next_words(project, "extract") == "vidset plan"
    assert next_words(project) == next_words(project, "plan") == "vidset label dispatch"


def test_a_version_without_a_run_that_has_ended_wants_training(project, tmp_path):
    version(tmp_path, "a" * 32)
    assert next_words(project) == "vidset train"
    run(tmp_path, "v0-1", "a" * 32, state="training")
    assert next_words(project) == "vidset train"
    run(tmp_path, "v0-1", "a" * 32)
    assert next_words(project) == "vidset errors"
    write(tmp_path / "errors" / "v0-1" / "errors.json")
    assert next_words(project) == "vidset review"


def test_a_run_of_an_earlier_version_does_not_stand_for_the_newest(project, tmp_path):
    version(tmp_path, "a" * 32)
    run(tmp_path, "v0-1", "a" * 32)
    version(tmp_path, "b" * 32)
    assert next_words(project) == "vidset train"


def test_a_new_version_gets_the_first_name_that_is_free():
    assert next_version_name(()) == "v0"
    assert next_version_name(("other", "v0", "v1")) == "v2"
