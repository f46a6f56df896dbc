"""`vidset dataset check` and `statistics`, called as a user does."""

from html.parser import HTMLParser

import cv2
import numpy as np
import pytest

from tests.cli.dataset.called import dataset
from tests.datasets.rows import Row, encoded, manifest_of, scene
from vidset.datasets.schema.files import read_schema
from vidset.datasets.versions.repository import Repository

NASTY = "<script>alert('x')</script>&"
CLEAN = [
    *(Row(f"train/{n}.png", encoded(scene(n)), label="ab"[n % 2]) for n in range(6)),
    *(Row(f"val/{n}.png", encoded(scene(n)), "validation", label="ab"[n % 2]) for n in (7, 8)),
]
TWIN = Row("val/twin.jpg", encoded(scene(0), ".jpg", 60), "validation")
BLANK = Row("train/blank.png", encoded(np.full((9, 9), 255, np.uint8)))


@pytest.fixture
def version(tmp_path):
    """Writes a version named `it` and gives the repository's folder."""

    def write(*rows, name="it", created_at="2026-01-01"):
        repository = Repository(tmp_path / "datasets")
        manifest, measures = manifest_of(rows)
        id_ = repository.write_version(manifest, measures, {"created_at": created_at})
        repository.name_version(name, id_)
        return tmp_path

    return write


def test_an_audit_of_a_clean_version_succeeds(version):
    called = dataset("check", "it", "--leaks", "-p", version(*CLEAN))
    assert called.code == 0
    assert called.err.startswith("Next: vidset train it")
    assert "no image is in several splits" in called.out
    assert "8 images, 0 blank, 0 copies within a split, 0 labeled in several ways" in called.out


def test_an_audit_names_what_crosses_on_stderr_and_fails(version):
    called = dataset("check", "it", "--leaks", "-p", version(*CLEAN, TWIN, BLANK))
    assert called.code == 1
    assert "train/0.png (train) and val/twin.jpg (validation): near, " in called.err
    assert "  train/blank.png (train, a)" in called.err
    assert "1 of train and 1 of validation: near duplicates" in called.out


def test_an_audit_without_near_duplicates_sees_only_equal_pictures(version):
    called = dataset(
        "check", "it", "--leaks", "-p", version(*CLEAN, TWIN), "--near-distance", "off"
    )
    assert called.code == 0


@pytest.mark.parametrize("distance", ["9", "-1", "six", ""])
def test_a_distance_that_is_none_is_bad_usage(version, distance):
    called = dataset("check", "it", "--leaks", "-p", version(*CLEAN), f"--near-distance={distance}")
    assert (called.code, called.out) == (2, "")
    assert f"wanted 0 to 8 bits, or off, got {distance!r}" in called.refusal


def test_contradictory_labels_fail_an_audit(version):
    again = Row("train/again.bmp", encoded(scene(0), ".bmp"), label="b")
    called = dataset("check", "it", "--leaks", "-p", version(*CLEAN, again))
    assert called.code == 1
    assert "train/0.png (train, a)" in called.err
    assert "train/again.bmp (train, b)" in called.err
    assert "1 labeled in several ways" in called.out


def test_blanks_alone_do_not_fail_an_audit(version):
    assert dataset("check", "it", "--leaks", "-p", version(*CLEAN, BLANK)).code == 0


def test_an_audit_names_as_many_as_asked_and_json_names_all(version):
    twins = [Row(f"val/t{n}.bmp", encoded(scene(n), ".bmp"), "validation") for n in range(5)]
    repository = version(*CLEAN, *twins)
    called = dataset("check", "it", "--leaks", "-p", repository, "--show", "2")
    assert called.err.count("): pixels") == 2
    assert "and 3 more: --json names all" in called.err
    found = dataset("check", "it", "--leaks", "-p", repository, "--json").found
    assert len(found["leaks"]["leaks"]) == 5
    assert found["leaks"]["crossings"] == [
        {"kind": "pixels", "a": "train", "b": "validation", "a_images": 5, "b_images": 5}
    ]
    assert found["version"] == Repository(repository / "datasets").resolve("it")


@pytest.mark.parametrize("command", ["check", "statistics"])
def test_a_version_that_there_is_not_is_bad_usage(version, command):
    called = dataset(command, "other", "-p", version(*CLEAN))
    assert (called.code, called.out) == (2, "")
    assert "no version 'other'; it has: it" in called.refusal


@pytest.mark.parametrize("command", ["check", "statistics"])
def test_quiet_commands_print_nothing(version, command):
    called = dataset(command, "it", "-p", version(*CLEAN), "--quiet")
    assert (called.code, called.out, called.err) == (0, "", "")


def test_statistics_show_splits_side_by_side(version):
    called = dataset("statistics", "it", "-p", version(*CLEAN, BLANK))
    lines = [line.split() for line in called.out.splitlines()]
    assert ["train", "validation"] in lines
    assert ["a", "4", "1"] in lines
    assert ["images", "7", "2"] in lines
    assert ["blank", "1"] in lines
    assert ["split", "mean", "deviation", "least", "most"] in lines
    told = [line[1] for line in lines if line[:1] == ["brightness"]]
    assert told == ["train", "validation"]
    assert max(map(len, called.out.splitlines())) <= 80


def test_statistics_as_json_have_every_split(version):
    found = dataset("statistics", "it", "-p", version(*CLEAN), "--json").found
    assert found["images"] == 8
    assert found["splits"]["train"]["labels"] == {"a": 3, "b": 3}


class Page(HTMLParser):
    """Tags, what they refer to, and their text."""

    def __init__(self, text: str):
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data):
        self.text += data


def test_a_page_of_statistics_is_escaped_and_needs_nothing_else(version, tmp_path):
    nasty = Row(f"train/{NASTY}.png", encoded(np.zeros((8, 8), np.uint8)), label=NASTY)
    path = tmp_path / "new" / "page.html"
    called = dataset("statistics", "it", "-p", version(*CLEAN, nasty), "-o", path)
    assert called.code == 0
    page = Page(path.read_text())
    assert not {"script", "link", "img", "iframe"} & set(page.tags)
    assert not {"href", "src", "onclick"} & {name for name, _ in page.attributes}
    assert page.tags.count("svg") == 2 * 7  # Two splits; seven features, none of objects.
    assert NASTY in page.text
    assert "it (" in page.text


def test_a_page_that_cannot_be_written_is_bad_usage(version, tmp_path):
    (tmp_path / "file").write_text("")
    called = dataset("statistics", "it", "-p", version(*CLEAN), "-o", tmp_path / "file" / "p")
    assert called.code == 2


def test_an_odd_version_is_told_and_fails_on_request_only(version):
    version(*CLEAN, name="first")
    repository = version(*CLEAN, BLANK, created_at="2026-01-02")
    called = dataset("check", "it", "--schema", "-p", repository)
    assert called.code == 0
    assert "train: blank images: wanted at most 0, got 1: train/blank.png" in called.err
    assert "anomalies, by schema 1" in called.out
    assert dataset("check", "it", "--schema", "-p", repository, "--fatal").code == 1
    assert dataset("check", "first", "--schema", "-p", repository, "--fatal").code == 0


def test_a_schema_is_updated_when_asked_and_not_before(version):
    version(*CLEAN, name="first")
    small = [
        Row(row.uri, encoded(cv2.resize(scene(n), (40, 30))), row.split, row.label)
        for n, row in enumerate(CLEAN)
    ]
    repository = version(*small, created_at="2026-01-02")
    assert dataset("check", "it", "--schema", "-p", repository, "--fatal").code == 1
    assert dataset("check", "it", "--schema", "-p", repository, "--fatal").code == 1
    called = dataset("check", "it", "--schema", "-p", repository, "--update-schema")
    assert called.code == 0
    assert "out of range width" in called.err  # Still against the old one.
    assert "schema 2: versions are to be like" in called.out
    assert dataset("check", "it", "--schema", "-p", repository, "--fatal").code == 0
    assert read_schema(Repository(repository / "datasets")).number == 2


def test_anomalies_as_json_tell_the_schema(version):
    version(*CLEAN, name="first")
    repository = version(*CLEAN, BLANK, created_at="2026-01-02")
    found = dataset("check", "it", "--schema", "-p", repository, "--json").found
    told = found["schema"]
    assert {key: told[key] for key in ("number", "version")} == {
        "number": 1,
        "version": Repository(repository / "datasets").resolve("first"),
    }
    kinds = {anomaly["kind"] for anomaly in told["anomalies"]}
    assert {"blank images", "out of range"} <= kinds
