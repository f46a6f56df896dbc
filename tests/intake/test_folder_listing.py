import os
from collections import Counter

import pytest

from tests.drawing import write_video
from vidset.intake.listing import check_input, list_uploads


def found(folder):
    passed_over: Counter[str] = Counter()
    names = [upload.name for upload in list_uploads(str(folder), None, passed_over)]
    return names, dict(passed_over)


def test_what_systems_leave_behind_is_passed_over_and_counted(tmp_path):
    for name in ("a.mp4", "._a.mp4", ".hidden.mp4", ".Trash-1000/b.mp4", "lost+found/c.mp4"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    assert found(tmp_path) == (["a.mp4"], {"hidden": 4})


def test_a_video_is_told_by_how_it_begins_where_the_extension_does_not_say(tmp_path):
    whole = write_video(tmp_path / "whole.mp4", scenes=[0]).read_bytes()
    for name in ("VID_001.INSV", "GX010001.LRV", "noextension"):
        (tmp_path / name).write_bytes(whole)
    (tmp_path / "cam.bin").write_bytes((b"\x47" + bytes(187)) * 5)
    (tmp_path / "theora.ogg").write_bytes(b"OggS" + bytes(24) + b"\x80theora")
    (tmp_path / "song.ogg").write_bytes(b"OggS" + bytes(24) + b"\x01vorbis")
    (tmp_path / "notes.dat").write_bytes(b"nothing of the kind")
    (tmp_path / "song").write_bytes(b"\0\0\0\x20ftypM4A \0\0\0\0")
    (tmp_path / "photo.jpg").write_bytes(whole)
    names, passed_over = found(tmp_path)
    told = ["GX010001.LRV", "VID_001.INSV", "cam.bin", "noextension", "theora.ogg", "whole.mp4"]
    assert names == told
    assert passed_over == {"other": 4}


def test_links_in_circles_pipes_and_broken_links_end_nothing(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.mp4").write_bytes(b"x")
    os.symlink(tmp_path, tmp_path / "sub" / "up")
    os.symlink("loop.mp4", tmp_path / "loop.mp4")
    os.symlink("nowhere", tmp_path / "broken.mp4")
    os.mkfifo(tmp_path / "pipe.mp4")
    os.symlink("/dev/zero", tmp_path / "endless.mp4")
    assert found(tmp_path) == (["sub/a.mp4"], {"unreadable": 2, "special": 2, "other": 1})


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every folder")
def test_a_folder_that_may_not_be_read_is_passed_over_and_counted(tmp_path):
    (tmp_path / "a.mp4").write_bytes(b"x")
    (tmp_path / "locked").mkdir(mode=0)
    assert found(tmp_path) == (["a.mp4"], {"unreadable": 1})


def test_a_pipe_is_no_input(tmp_path):
    os.mkfifo(tmp_path / "pipe.mp4")
    with pytest.raises(ValueError, match="is a pipe or a device"):
        check_input(str(tmp_path / "pipe.mp4"))
