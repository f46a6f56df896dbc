"""What is stated of videos goes from the extraction to every place that an image comes to."""

import json
from pathlib import Path

import pytest

from tests.cli.called import vidset
from tests.cli.dataset.outputs import CAR, DAY, add_video
from tests.cli.exports import annotate
from vidset.datasets.versions.repository import Repository
from vidset.ledger.rows import LedgerRows
from vidset.lineage.exports import read_exports
from vidset.place import Place
from vidset.rights import FIELDS, Rights

GHENT = Rights(license="CC-BY-4.0", attribution="City of Ghent", consent="form 12")
A = [f"ann/a/0/000000{n}000.jpg" for n in range(3)]
B = [f"bob/b/0/000000{n}000.jpg" for n in range(2)]


def stated(place: Path) -> list[Rights]:
    found = LedgerRows(str(place)).videos(FIELDS)
    return [Rights.of(row) for rows in found for row in rows.table.to_pylist()]


def test_an_extraction_records_what_is_stated(video, tmp_path):
    place = tmp_path / "place"
    place.mkdir()
    (place / "vidset.toml").write_text('[rights]\nlicense = "Ours"\nconsent = "form 1"\n')
    said = ("--rights", "license=CC0-1.0", "--rights", "attribution=Ada")
    made = vidset("extract", video, "-p", place, *said, "--json")
    assert made.code == 0, made.err
    assert stated(place) == [Rights(license="CC0-1.0", attribution="Ada", consent="form 1")]


def test_beam_records_the_same(video, tmp_path):
    pytest.importorskip("apache_beam")
    said = ("--rights", "license=CC0-1.0", "--rights", "attribution=A = B")
    made = vidset("extract", video, "-p", tmp_path / "place", *said, "--runner", "DirectRunner")
    assert made.code == 0, made.err
    assert stated(tmp_path / "place") == [Rights(license="CC0-1.0", attribution="A = B")]


def test_a_statement_that_cannot_be_read_ends_before_any_work(video, tmp_path):
    refused = vidset("extract", video, "-p", tmp_path / "p", "--rights", "licence=CC0-1.0")
    assert "Did you mean 'license'?" in refused.refusal
    assert not (tmp_path / "p").exists()


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Of ann's video rights are stated, of bob's none; all images are labeled."""
    folder = tmp_path_factory.mktemp("place")
    add_video(folder, "ann/a.mp4", [1, 2, 3], rights=GHENT)
    add_video(folder, "bob/b.mp4", [4, 5])
    annotate(folder, dict.fromkeys((*A, *B), (CAR,)))
    made = create(folder, "v0")
    assert made.code == 0, made.err
    return folder


def create(place: Path, name: str, *more: object):
    shares = ("--shares", "train=1", "--group-by", "image")
    return vidset("dataset", "create", *more, "-n", name, *shares, "-p", place, "--json")


def entries(place: Path, version: str) -> dict[str, Rights]:
    return {
        each.image_uri: each.stated for each in Repository(place / "datasets").manifest(version)
    }


def test_a_version_has_them_by_image_and_shows_its_licences(place):
    found = entries(place, "v0")
    assert found == {**dict.fromkeys(A, GHENT), **dict.fromkeys(B, Rights())}
    shown = vidset("dataset", "show", "v0", "-p", place)
    assert "licences: CC-BY-4.0 (3), NOASSERTION (2)" in shown.out


def test_the_tables_have_them(place):
    asked = "SELECT license, consent, COUNT(*) AS n FROM {} GROUP BY ALL ORDER BY ALL"
    expected = {"dataset_candidates": (3, 2), "entries": (3, 2), "videos": (1, 1)}
    for table, (of_ghent, others) in expected.items():
        where = " WHERE version = (SELECT version FROM versions WHERE list_contains(names, 'v0'))"
        query = asked.format(table + where * (table == "entries"))
        found = vidset("sql", query, "-p", place, "--json").found["rows"]
        assert found == [
            {"license": "CC-BY-4.0", "consent": "form 12", "n": of_ghent},
            {"license": None, "consent": None, "n": others},
        ]


def test_trace_tells_them_of_the_video_and_of_the_version(place):
    [image] = [each for each in Place.of(str(place)).images() if each.uri.endswith(A[0])]
    told = vidset("trace", image.id, "-p", place).out
    assert "license CC-BY-4.0, attribution City of Ghent, consent form 12" in told
    assert "licences CC-BY-4.0 (3), NOASSERTION (2)" in vidset("trace", "v0", "-p", place).out


def test_only_images_of_a_licence_are_taken_and_the_others_counted(place):
    made = create(place, "v1", "--license", "cc-by-4.0")
    assert made.code == 0, made.err
    assert entries(place, "v1") == dict.fromkeys(A, GHENT)
    assert made.found["left_out"] == [
        {"kind": "not of the licences asked for", "name": name, "what": "NOASSERTION"} for name in B
    ]
    made = create(place, "v2", "--license", "NOASSERTION")
    assert entries(place, "v2") == dict.fromkeys(B, Rights())


def test_a_licence_that_no_image_has_is_refused_with_those_that_there_are(place):
    refused = create(place, "v3", "--license", "MIT")
    assert refused.code == 2
    assert refused.found["error"]["message"] == (
        "--license MIT: no image is of it; the images are of CC-BY-4.0 (3), NOASSERTION (2)"
    )


def test_a_parent_s_images_of_other_licences_are_refused(place):
    refused = create(place, "v4", "--license", "CC-BY-4.0", "--parent", "v0")
    assert refused.code == 2
    assert "the parent has images of NOASSERTION (2)" in refused.found["error"]["message"]
    made = create(place, "v4", "--license", "CC-BY-4.0", "--parent", "v0", "--instead")
    assert entries(place, "v4") == dict.fromkeys(A, GHENT), made.err


def test_what_is_stated_later_holds_for_what_says_nothing(place):
    made = create(place, "v5", "--rights", "license=Ours", "--rights", "consent=form 9")
    assert made.code == 0, made.err
    found = entries(place, "v5")
    assert found[A[0]] == GHENT
    assert found[B[0]] == Rights(license="Ours", consent="form 9")
    # The parent's images learn it as well.
    made = create(place, "v6", "--rights", "license=Ours", "--parent", "v0")
    assert entries(place, "v6")[B[0]] == Rights(license="Ours"), made.err


@pytest.mark.parametrize("format_name", ["coco", "yolo", "folders", "webdataset"])
def test_an_export_has_a_licence_file_and_names_each_image(place, tmp_path, format_name):
    version, lossy = "v0", ["--lossy"] * (format_name == "yolo")
    if format_name == "folders":  # Wants classes.
        out = tmp_path / "classes"
        add_video(out, "ann/a.mp4", [1, 2], rights=GHENT)
        annotate(out, {A[0]: (DAY,), A[1]: (DAY,)})
        assert create(out, "v0").code == 0
        place = out
    made = vidset("export", version, "-f", format_name, "-o", tmp_path / "out", "-p", place, *lossy)
    assert made.code == 0, made.err
    text = (tmp_path / "out" / "LICENSE").read_text()
    number = 2 if format_name == "folders" else 3
    assert f"CC-BY-4.0: {number} images" in text
    assert "https://creativecommons.org/licenses/by/4.0/" in text
    assert f"by City of Ghent: {number} images" in text
    lines = [
        json.loads(line) for line in (tmp_path / "out" / "rights.jsonl").read_text().splitlines()
    ]
    assert len(lines) == number
    for line in lines:
        assert {name: line.get(name) for name in FIELDS} == GHENT.columns()
        assert format_name == "webdataset" or (tmp_path / "out" / line["image"]).is_file()


def test_an_export_of_a_licence_leaves_the_others_out(place, tmp_path):
    for version in ["v0"], []:
        out = tmp_path / f"out{len(version)}"
        made = vidset(
            "export", *version, "-f", "coco", "-o", out, "-p", place,
            "--license", "CC-BY-4.0", "--json",
        )  # fmt: skip
        assert made.code == 0, made.err
        assert (made.found["images"], made.found["other_licences"]) == (3, {"NOASSERTION": 2})
        assert "No licence is stated" not in (out / "LICENSE").read_text()
        refused = vidset(
            "export", *version, "-f", "coco", "-o", tmp_path / "none", "-p", place,
            "--license", "MIT",
        )  # fmt: skip
        assert "the images are of CC-BY-4.0 (3), NOASSERTION (2)" in refused.refusal
        assert not (tmp_path / "none").exists()


def test_an_export_says_everywhere_what_it_left_out(place, tmp_path):
    said = "Only images of CC-BY-4.0 were asked for. Left out: NOASSERTION (2)."
    for version in ["v0"], []:
        out = tmp_path / f"out{len(version)}"
        made = vidset(
            "export", *version, "-f", "webdataset", "-o", out, "-p", place,
            "--license", "CC-BY-4.0",
        )  # fmt: skip
        assert "images of other licences are not in it: NOASSERTION (2)" in made.out
        assert said in (out / "LICENSE").read_text()
        recorded = read_exports(place)[-1]
        assert recorded.licenses == ["CC-BY-4.0"]
        assert recorded.other_licences == {"NOASSERTION": 2}
    marker = json.loads((tmp_path / "out1" / "dataset.json").read_text())
    assert marker["licenses"] == ["CC-BY-4.0"]
    assert marker["other_licences"] == {"NOASSERTION": 2}
    assert "left out NOASSERTION (2)" in vidset("trace", "v0", "-p", place).out


def test_an_export_of_what_nobody_stated_says_what_it_left_out(place, tmp_path):
    out = tmp_path / "out"
    made = vidset(
        "export", "v0", "-f", "coco", "-o", out, "-p", place, "--license", "NOASSERTION"
    )  # fmt: skip
    assert made.code == 0, made.err
    text = (out / "LICENSE").read_text()
    assert "No licence is stated: 2 images" in text
    assert "Left out: CC-BY-4.0 (3)." in text


@pytest.mark.parametrize("format_name", ["tfrecord", "webdataset", "parquet"])
def test_files_of_samples_bring_rights_along(place, tmp_path, format_name):
    out, other = tmp_path / "out", tmp_path / "other"
    made = vidset("export", "v0", "-f", format_name, "-o", out, "-p", place, "--lossy")
    assert made.code == 0, made.err
    made = create(other, "v", f"{format_name}:{out}")
    assert made.code == 0, made.err
    assert entries(other, "v") == {**dict.fromkeys(A, GHENT), **dict.fromkeys(B, Rights())}


def test_folders_bring_rights_along(tmp_path):
    place, out, other = tmp_path / "place", tmp_path / "out", tmp_path / "other"
    add_video(place, "ann/a.mp4", [1, 2], rights=GHENT)
    annotate(place, {A[0]: (DAY,), A[1]: (DAY,)})
    assert create(place, "v0").code == 0
    assert vidset("export", "v0", "-f", "folders", "-o", out, "-p", place).code == 0
    made = create(other, "v", f"folders:{out}")
    assert made.code == 0, made.err
    assert list(entries(other, "v").values()) == [GHENT, GHENT]
    (out / "rights.jsonl").write_text("[]\n")
    refused = create(tmp_path / "third", "v", f"folders:{out}")
    assert "line 1: wanted the rights of an image" in refused.found["error"]["message"]


def test_a_diff_names_images_of_which_other_rights_are_stated(place):
    made = create(place, "v7", "--rights", "license=CC0-1.0")
    assert made.code == 0, made.err
    found = vidset("dataset", "diff", "v0", "v7", "-p", place, "--json").found
    assert (found["counts"]["restated"], found["counts"]["unchanged"]) == (2, 3)
    first = found["images"]["restated"][0]
    assert first["changes"] == ["license: not stated -> CC0-1.0"]
    assert (first["before"]["rights"], first["after"]["rights"]) == ({}, {"license": "CC0-1.0"})
    shown = vidset("dataset", "diff", "v0", "v7", "-p", place).out
    assert "2 restated" in shown
    assert "license: not stated -> CC0-1.0" in shown


def test_an_imported_set_keeps_its_rights_and_a_checkout_gives_them_back(place, tmp_path):
    exported = tmp_path / "coco"
    assert vidset("export", "v0", "-f", "coco", "-o", exported, "-p", place).code == 0
    other = tmp_path / "other"
    made = create(other, "v", f"coco:{exported / 'train' / 'annotations.json'}")
    assert made.code == 0, made.err
    assert sorted(map(str, entries(other, "v").values())) == sorted(
        map(str, [*[GHENT] * 3, *[Rights()] * 2])
    )


def test_copies_of_an_image_have_one_licence_or_are_named(place, tmp_path):
    folders = []
    for name, said in ("one", "CC0-1.0"), ("two", "MIT"):
        out = tmp_path / name
        add_video(out, f"{name}/a.mp4", [1], rights=Rights(license=said))
        annotate(out, {f"{name}/a/0/0000000000.jpg": (CAR,)})
        assert vidset("sync", "-p", out).code == 0
        folders.append(f"warehouse:{out}")
    refused = create(tmp_path / "both", "v", *folders)
    assert refused.code == 1
    assert "the licence MIT here, and CC0-1.0 elsewhere" in refused.out + refused.err
