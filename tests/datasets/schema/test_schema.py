import json

import numpy as np
import pytest

from tests.datasets.rows import Row, encoded, manifest_of
from vidset.datasets.errors import DatasetError
from vidset.datasets.schema.files import (
    freeze_schema,
    read_schema,
    schema_path,
    update_schema,
    validate,
)
from vidset.datasets.schema.schema import Thresholds
from vidset.datasets.versions.manifest import Manifest


def half(level: int, size=(20, 40)) -> bytes:
    picture = np.zeros(size, np.uint8)
    picture[:, size[1] // 2 :] = level
    return encoded(picture)


FIRST = [
    Row("a", half(100), label="i"),
    Row("b", half(200), label="v"),
    Row("c", half(150), "validation", label="i"),
    Row("d", half(160), "validation", label="v"),
]
SECOND = [*FIRST, Row("e", half(90, (20, 400)), label="x")]


def write(repository, rows, created_at="2026-01-01") -> str:
    manifest, measures = manifest_of(rows)
    return repository.write_version(manifest, measures, {"created_at": created_at})


def test_a_schema_says_what_the_first_version_has(repository):
    id_ = write(repository, FIRST)
    schema = freeze_schema(repository, id_)
    assert (schema.number, schema.version, schema.labels) == (1, id_, ["i", "v"])
    assert schema.formats == ["png"]
    assert schema.ranges["brightness"] == (50, 100)
    assert {"label", "image_uri"} < set(schema.columns)
    assert "video_uri" not in schema.columns
    assert schema.splits["train"].labels == {"i": 1, "v": 1}
    assert schema.thresholds == Thresholds()


def test_a_schema_is_read_as_it_was_written(repository):
    schema = freeze_schema(repository, write(repository, FIRST))
    assert read_schema(repository) == schema
    assert json.loads(schema_path(repository).read_text())["labels"] == ["i", "v"]


def test_a_schema_once_frozen_stays_whatever_comes(repository):
    first = freeze_schema(repository, write(repository, FIRST))
    second = write(repository, SECOND, "2026-01-02")
    assert freeze_schema(repository, second) == first
    assert validate(repository, repository.manifest(second), repository.measures(second))
    assert read_schema(repository) == first


def test_without_a_schema_it_is_frozen_at_the_oldest_version_not_at_the_one_to_check(repository):
    second = write(repository, SECOND, "2026-01-02")
    first = write(repository, FIRST, "2026-01-01")
    found = validate(repository, repository.manifest(second), repository.measures(second))
    assert read_schema(repository).version == first
    assert "new label x" in " ".join(map(str, found))


def test_before_the_first_version_only_what_is_odd_in_any_is_told(repository):
    blank = Row("blank", encoded(np.full((9, 9), 255, np.uint8)), label="i")
    found = validate(repository, *manifest_of([*FIRST, blank]))
    assert [(each.kind, each.split) for each in found] == [("blank images", "train")]
    assert not schema_path(repository).exists()


def test_an_update_keeps_the_old_schema_and_the_thresholds(repository):
    first = freeze_schema(repository, write(repository, FIRST))
    path = schema_path(repository)
    edited = json.loads(path.read_text())
    edited["thresholds"]["label_drift"] = 0.5
    path.write_text(json.dumps(edited))
    second = write(repository, SECOND, "2026-01-02")
    schema = update_schema(repository, second)
    assert (schema.number, schema.version, schema.labels) == (2, second, ["i", "v", "x"])
    assert schema.thresholds.label_drift == 0.5
    kept = json.loads((repository.root / "schemas" / "1.json").read_text())
    assert (kept["number"], kept["version"]) == (1, first.version)
    [left] = validate(repository, repository.manifest(second), repository.measures(second))
    assert (left.kind, left.what) == ("label without evaluation images", "x")


def test_each_update_keeps_the_one_before(repository):
    first, second = write(repository, FIRST), write(repository, SECOND, "2026-01-02")
    freeze_schema(repository, first)
    for reference in (second, first, second):
        update_schema(repository, reference)
    versions = [
        json.loads((repository.root / "schemas" / f"{number}.json").read_text())["version"]
        for number in (1, 2, 3)
    ]
    assert versions == [first, second, first]
    assert read_schema(repository).number == 4


def test_a_repository_without_versions_has_nothing_to_freeze(repository):
    with pytest.raises(DatasetError, match="wanted a version to freeze a schema at, got none"):
        read_schema(repository)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param(lambda s: "{", "wanted a schema in JSON", id="no JSON"),
        pytest.param(lambda s: "[]", "wanted a schema, got list", id="a list"),
        pytest.param(lambda s: {**s, "extra": 1}, "see extra", id="another key"),
        pytest.param(
            lambda s: {k: v for k, v in s.items() if k != "ranges"}, "see ranges", id="a key less"
        ),
        pytest.param(
            lambda s: {**s, "thresholds": {**s["thresholds"], "label_drift": 7}},
            "label_drift: wanted 0 to 1, got 7",
            id="threshold out of range",
        ),
        pytest.param(
            lambda s: {**s, "thresholds": {**s["thresholds"], "lable_drift": 0.1}},
            "lable_drift",
            id="misspelt threshold",
        ),
        pytest.param(
            lambda s: {**s, "thresholds": {**s["thresholds"], "blanks": -1}},
            "blanks: wanted 0 or more, got -1",
            id="negative threshold",
        ),
        pytest.param(
            lambda s: {**s, "edges": {**s["edges"], "width": [0, 1]}},
            "wanted the histograms' edges",
            id="other edges",
        ),
        pytest.param(lambda s: {**s, "splits": []}, "no schema", id="splits that are none"),
    ],
)
def test_a_file_that_is_no_schema_is_refused_with_its_name(repository, change, said):
    freeze_schema(repository, write(repository, FIRST))
    path = schema_path(repository)
    changed = change(json.loads(path.read_text()))
    path.write_text(changed if isinstance(changed, str) else json.dumps(changed))
    with pytest.raises(DatasetError, match=said) as refused:
        read_schema(repository)
    if "wanted 0" not in said:
        assert str(path) in str(refused.value)


def test_a_schema_holds_no_path_of_this_machine(repository):
    freeze_schema(repository, write(repository, FIRST))
    assert str(repository.root) not in schema_path(repository).read_text()


def test_an_empty_version_has_no_schema_to_give(repository):
    id_ = repository.write_version(Manifest.of([]), manifest_of([])[1], {"created_at": "2026"})
    with pytest.raises(DatasetError, match=r"wanted images to freeze a schema at, got none"):
        freeze_schema(repository, id_)
