"""On which disk a folder lies, whatever the name of its mount point."""

import shutil
import subprocess

import pytest

from vidset.upload import mounts
from vidset.upload.mounts import Disks, is_remote

MOUNTS = """22 1 8:1 / / rw,relatime - ext4 /dev/root rw
30 22 0:40 / /mnt/Fotos\\040M\u00fcller rw,relatime shared:1 - cifs //nas/fotos rw
31 22 0:41 / /mnt/plain rw - ext4 /dev/sdb1 rw
32 22 0:42 / /mnt/one\\012two\u2028three rw - nfs4 nas:/ rw
33 22 0:43 / /mnt/plain/below rw - fuse.sshfs host:/ rw
"""


@pytest.fixture
def mountinfo(tmp_path, monkeypatch):
    path = tmp_path / "mountinfo"
    path.write_text(MOUNTS)
    monkeypatch.setattr(mounts, "_mounts", mounts.Mounts(str(path)))


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/mnt/Fotos Müller/a.mp4", True),
        ("/mnt/one\ntwo\u2028three/a.mp4", True),
        ("/mnt/plain/a.mp4", False),
        ("/mnt/plainer/a.mp4", False),
        ("/mnt/plain/below/a.mp4", True),
        ("/home/a.mp4", False),
    ],
)
def test_a_share_is_known_by_whatever_name_it_is_mounted(mountinfo, path, expected):
    assert is_remote(path) is expected


def test_a_folder_that_is_exchanged_is_looked_at_anew(tmp_path):
    folder = tmp_path / "uploads"
    folder.mkdir()
    disks = Disks([folder], lambda _: None)
    assert disks.changed(folder) is None
    folder.rmdir()
    assert disks.changed(folder) == f"{folder}: No such file or directory"
    folder.mkdir()
    assert disks.changed(folder) is None


def test_what_is_mounted_meanwhile_is_known_at_once(tmp_path):
    known = mounts.Mounts()
    assert known.all()
    assert str(tmp_path) not in [point for point, _ in known.all()]
    mount = ["mount", "-t", "tmpfs", "vidset-test", str(tmp_path)]
    if shutil.which("mount") is None or subprocess.run(mount, check=False).returncode:
        pytest.skip("a disk cannot be mounted here: that takes root")
    try:
        assert (str(tmp_path), "tmpfs") in known.all()
        assert (str(tmp_path), "tmpfs") in known.all()
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)
    assert str(tmp_path) not in [point for point, _ in known.all()]
