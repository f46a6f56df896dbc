"""An upload as a collector runs it, with nothing going wrong."""

import hashlib
import json
import os
from pathlib import Path

import pytest

from tests.upload.recordings import MIB, recording
from tests.upload.stores import is_bytes
from vidset.elements import Upload
from vidset.rights import Rights
from vidset.storage.open import open_store

HARD_NAMES = [
    "with space.mp4",
    "Straße 日本語.mp4",
    "'quotes\".mp4",
    "100%.mp4",
    "a#b?c.mp4",
    "new\nline.mp4",
    "-dash.mp4",
    "[bold]markup.mp4",
    "x" * 250 + ".mp4",
]


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def dated(path, seconds=1741131000):  # 2025-03-04 23:30 UTC
    os.utime(path, (seconds, seconds))
    return path


@pytest.mark.parametrize("size", [pytest.param(None, id="small"), pytest.param(20 * MIB, id="big")])
def test_an_upload_has_the_recording_s_bytes_under_its_standard_name(store, send, tmp_path, size):
    path = dated(recording(tmp_path / "GX010042.MP4", size))
    ended = send(store, path)
    assert (ended.code, ended.stderr) == (0, "")
    digest = sha256(path)
    name = f"cam1/2025-03-04/{digest[:32]}.mp4"
    assert store.objects() == {name: path.read_bytes()}
    uri = store.bucket + name if store.proxy is None else f"s3://uploads/{name}"
    told = dict(ended.file)
    assert told.pop("seconds") > 0
    assert told == {
        "file": str(path),
        "state": "uploaded",
        "uri": uri if store.bucket != "uploads" else f"gs://uploads/{name}",
        "size_bytes": path.stat().st_size,
        "sha256": digest,
        "resumed_bytes": 0,
        "verified": True,
        "note": None,
        "then": "kept",
        "sent_bytes": path.stat().st_size,
        "actor": None,
    }
    assert ended.found["uploaded"] == 1
    assert ended.found["size_bytes"] == path.stat().st_size
    if store.described is not None:
        assert store.described(name) == (
            "video/mp4",
            {
                "collector_id": "cam1",
                "original_name": "GX010042.MP4",
                "recorded_at": "2025-03-04T23:30:00Z",
                "sha256": digest,
            },
        )


def test_rights_stand_beside_the_object_and_are_read_from_there(cloud, send, tmp_path):
    said = ("--rights", "license=CC-BY-4.0", "--rights", "attribution=Straße")
    ended = send(cloud, recording(tmp_path / "a.mp4"), *said)
    assert (ended.code, ended.stderr) == (0, "")
    [name] = cloud.objects()
    metadata = cloud.described(name)[1]
    assert (metadata["license"], metadata["attribution"]) == ("CC-BY-4.0", "Stra%C3%9Fe")
    place = cloud.bucket if "://" in cloud.bucket else f"gs://{cloud.bucket}"
    with open_store(place).open(Upload(f"{place}/{name}", name), 1 << 30) as (upload, _):
        assert upload.rights == Rights(license="CC-BY-4.0", attribution="Straße")


def test_a_folder_has_no_place_for_rights(folder, send, tmp_path):
    refused = send(folder, recording(tmp_path / "a.mp4"), "--rights", "license=CC-BY-4.0")
    assert refused.code == 2
    assert "vidset extract --rights KEY=VALUE" in refused.stderr
    assert not folder.objects()


def test_an_upload_again_sends_nothing(store, send, tmp_path):
    path = recording(tmp_path / "a.mp4", 9 * MIB)
    assert send(store, path).file["state"] == "uploaded"
    sent = len(store.proxy.sent(is_bytes)) if store.proxy else 0
    again = send(store, path)
    other_machine = send(store, path, state=tmp_path / "other")
    for ended in again, other_machine:
        assert (ended.code, ended.file["state"], ended.file["verified"]) == (0, "present", True)
    if store.proxy:
        assert len(store.proxy.sent(is_bytes)) == sent > 0
    assert len(store.objects()) == 1


def test_a_copy_under_another_name_and_date_is_the_same_upload(folder, send, tmp_path):
    path = dated(recording(tmp_path / "a.mp4"))
    send(folder, path)
    copy = tmp_path / "copy.mp4"
    copy.write_bytes(path.read_bytes())
    dated(copy, 1800000000)
    assert send(folder, copy).file["state"] == "present"
    assert len(folder.objects()) == 1


def test_recordings_of_any_name_are_uploaded(cloud, send, tmp_path):
    paths = []
    for seed, name in enumerate([*HARD_NAMES, os.fsdecode(b"no \xff UTF-8.mp4")]):
        paths.append(recording(tmp_path / "in" / "a.mp4", seed=seed).rename(tmp_path / name))
    ended = send(cloud, *paths)
    assert (ended.code, ended.found["uploaded"]) == (0, 10)
    assert sorted(cloud.objects().values()) == sorted(path.read_bytes() for path in paths)
    video_id = sha256(paths[1])[:32]
    (name,) = [each for each in cloud.objects() if video_id in each]
    assert (
        cloud.described(name)[1]["original_name"] == "Stra%C3%9Fe %E6%97%A5%E6%9C%AC%E8%AA%9E.mp4"
    )


@pytest.mark.parametrize("then", ["deleted", "moved"])
def test_who_had_a_recording_put_away_is_reported(folder, send, tmp_path, then):
    path, report = recording(tmp_path / "card" / "a.mp4"), tmp_path / "report.jsonl"
    moved = tmp_path / "moved"
    moved.mkdir()
    how = ["--delete"] if then == "deleted" else ["--move-to", moved]
    quick = ("--settle", 0, "--delete-after", 0)
    ended = send(folder, path, *how, *quick, "--as", "Ada", "--report", report)
    assert (ended.file["then"], ended.file["actor"]) == (then, "Ada")
    assert json.loads(report.read_text())["actor"] == "Ada"


@pytest.mark.parametrize("link", [None, os.link, os.symlink])
def test_an_upload_is_no_recording_to_be_deleted(folder, send, tmp_path, link):
    data = recording(tmp_path / "a.mp4").read_bytes()
    path = Path(send(folder, tmp_path / "a.mp4").file["uri"])
    if link is not None:
        link(path, tmp_path / "b.mp4")
    ended = send(folder, tmp_path / "b.mp4" if link else path, "--delete")
    assert (ended.code, ended.file["state"]) == (1, "failed")
    assert f"is itself the upload: {path}" in ended.stderr
    assert list(folder.objects().values()) == [data]


def test_several_are_uploaded_though_one_fails(folder, send, tmp_path):
    good, empty = recording(tmp_path / "good.mp4"), tmp_path / "empty.mp4"
    empty.write_bytes(b"")
    ended = send(folder, tmp_path / "none.mp4", empty, good, "--unreadable", "upload")
    assert ended.code == 1
    assert [each["state"] for each in ended.found["files"]] == ["failed", "failed", "uploaded"]
    assert f"{tmp_path}/none.mp4: cannot be read: No such file or directory" in ended.stderr
    assert f"{empty}: is empty" in ended.stderr
    assert list(folder.objects().values()) == [good.read_bytes()]


def test_what_does_not_decode_is_named_and_left_alone(folder, send, tmp_path):
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"nonsense" * 100)
    ended = send(folder, broken)
    assert (ended.code, ended.file["state"]) == (1, "unreadable")
    assert f"{broken}: not a readable video: Invalid data" in ended.stderr
    assert folder.objects() == {}


def test_what_does_not_decode_is_uploaded_if_wanted_and_named(folder, send, tmp_path):
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"nonsense" * 100)
    ended = send(folder, broken, "--unreadable", "upload")
    assert (ended.code, ended.file["state"]) == (0, "uploaded")
    assert "not a readable video" in ended.stderr
    assert list(folder.objects().values()) == [b"nonsense" * 100]


def test_a_dry_run_says_what_would_go_where_and_sends_nothing(cloud, send, tmp_path):
    path = dated(recording(tmp_path / "a.mp4"))
    ended = send(cloud, path, "--dry-run")
    name = f"cam1/2025-03-04/{sha256(path)[:32]}.mp4"
    scheme = cloud.bucket if "://" in cloud.bucket else "gs://uploads"
    assert (ended.code, ended.file["state"], ended.file["uri"]) == (
        0,
        "planned",
        f"{scheme}/{name}",
    )
    assert (cloud.objects(), cloud.proxy.log) == ({}, [])


def test_a_prefix_comes_before_the_name(cloud, send, tmp_path):
    path = dated(recording(tmp_path / "a.mp4"))
    scheme = cloud.bucket if "://" in cloud.bucket else "gs://uploads"
    send(cloud, path, "--to", f"{scheme}/fleet/north/")
    assert list(cloud.objects()) == [f"fleet/north/cam1/2025-03-04/{sha256(path)[:32]}.mp4"]
