import os

import pytest

from vidset.intake.listing import check_input, list_uploads
from vidset.storage.open import open_store

FILES = ["a.mp4", "sub/b.MKV", "sub/deep/c.mov", "notes.txt", "sub/x.jpg"]


@pytest.fixture
def folder(tmp_path):
    store = open_store(str(tmp_path / "in"))
    for name in FILES:
        store.put(name, b"x", "")
    store.sweep()
    return tmp_path / "in"


def names(pattern) -> list[tuple[str, str | None]]:
    return [(upload.name, upload.collector_id) for upload in list_uploads(str(pattern))]


def test_a_folder_gives_its_videos_by_relative_name(folder):
    assert names(folder) == [("a.mp4", None), ("sub/b.MKV", "sub"), ("sub/deep/c.mov", "sub")]
    assert next(list_uploads(str(folder))).uri == str(folder / "a.mp4")


def test_a_file_is_taken_as_it_is_by_its_base_name(folder):
    assert names(folder / "notes.txt") == [("notes.txt", None)]


def test_a_glob_is_as_the_shells(folder):
    assert names(folder / "*.mp4") == [("a.mp4", None)]
    assert names(folder / "**" / "*.mov") == [("c.mov", None)]


def test_two_stars_reach_every_folder_and_follow_no_link(folder, tmp_path):
    os.symlink(folder, folder / "sub" / "up")
    os.symlink(folder / "sub", folder / "down")
    (folder / ".hidden").mkdir()
    (folder / ".hidden" / "d.mov").write_bytes(b"x")
    assert names(folder / "**" / "*.mov") == [("c.mov", None)]
    assert {name for name, _ in names(folder / "**" / "*.m*")} == {"a.mp4", "c.mov"}
    assert names(folder / "s*" / "**" / "deep") == [("c.mov", None)]
    assert names(folder / "**")[:3] == names(folder)
    assert names(folder / "down" / "**" / "*.mov") == [("c.mov", None)]
    with pytest.raises(ValueError, match="nothing matches it"):
        check_input(str(folder / "**" / "*.avi"))


def test_a_file_that_looks_like_a_glob_is_a_file(folder):
    (folder / "clip[1].mp4").write_bytes(b"x")
    assert names(folder / "clip[1].mp4") == [("clip[1].mp4", None)]


def test_a_file_name_that_is_no_text_is_taken(folder):
    os.mkdir(os.fsencode(folder) + b"/caf\xe9")
    with open(os.fsencode(folder) + b"/caf\xe9/\xff.mp4", "wb") as file:
        file.write(b"x")
    assert ("caf\udce9/\udcff.mp4", None) in names(folder)


@pytest.mark.parametrize("store", ["gs", "s3"])
@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("", ["a.mp4", "sub/b.MKV", "sub/deep/c.mov"]),
        ("sub", ["sub/b.MKV", "sub/deep/c.mov"]),
        ("sub/", ["sub/b.MKV", "sub/deep/c.mov"]),
        ("su", []),
        ("a.mp4", ["a.mp4"]),
        ("notes.txt", ["notes.txt"]),
        ("*.mp4", ["a.mp4"]),
        ("**/*.mov", ["sub/deep/c.mov"]),
        ("sub/*", ["sub/b.MKV"]),
        ("sub/[ab].*", ["sub/b.MKV"]),
        ("sub/[!a]*/?.mov", ["sub/deep/c.mov"]),
    ],
)
@pytest.mark.emulator
def test_a_bucket_is_listed_by_prefix_name_or_glob(request, store, path, expected):
    request.getfixturevalue({"gs": "gcs", "s3": "s3"}[store]).make_bucket("uploads")
    for name in FILES:
        content_type = "image/jpeg" if name.endswith("jpg") else "application/octet-stream"
        open_store(f"{store}://uploads").put(name, b"x", content_type)
    assert [each.name for each in list_uploads(f"{store}://uploads/{path}")] == expected


@pytest.mark.parametrize("pattern", ["/no/such/file", "/no/such/*.mp4", "ftp://x/y", "gs://"])
def test_an_input_that_names_nothing_is_refused(pattern):
    with pytest.raises(ValueError, match="input: "):
        check_input(pattern)
