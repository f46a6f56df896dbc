"""What is on the disk before a recording may be deleted: a loss of power takes the rest."""

import os

import pytest

from tests.upload.recordings import recording
from vidset.upload.afterwards import put_away
from vidset.upload.destination import Target
from vidset.upload.folder import FolderDestination
from vidset.upload.mounts import Disks
from vidset.upload.pacing import Body, Pace
from vidset.upload.settings import Place, Settings
from vidset.upload.source import Source


@pytest.fixture
def events(monkeypatch):
    """What was synced, renamed and unlinked, in order, by the names that it had then."""
    events = []
    fsync, unlink = os.fsync, os.unlink

    def note_fsync(descriptor):
        events.append(("sync", os.readlink(f"/proc/self/fd/{descriptor}")))
        fsync(descriptor)

    def note_unlink(path, **options):
        events.append(("unlink", os.fspath(path)))
        unlink(path, **options)

    monkeypatch.setattr(os, "fsync", note_fsync)
    monkeypatch.setattr(os, "unlink", note_unlink)
    return events


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="names are read from /proc")
@pytest.mark.parametrize("is_there", [False, True], ids=["uploaded", "present"])
def test_file_and_all_folders_are_synced_before_the_recording_goes(tmp_path, events, is_there):
    path, root = recording(tmp_path / "a.mp4"), tmp_path / "uploads"
    root.mkdir()
    events.clear()  # A recording that is drawn for the first time has a folder of its own.
    place = Place("file", str(root))
    settings = Settings(
        place, "cam1", (path,), None, tmp_path / "state", is_deleted=True, settle_seconds=0
    )
    with Source(path) as source:
        digests = source.digest(lambda _: None)
        target = Target("cam1/2025-01-01/x.mp4", "video/mp4", {}, source.size_bytes, digests)
        final, data = root / target.name, source.read(0, source.size_bytes, digests)
        if is_there:  # By a process that was killed before the disk had it.
            final.parent.mkdir(parents=True)
            final.write_bytes(data)
            assert FolderDestination(place).find(target) == "same"
        else:
            session = FolderDestination(place).open(target, source, None, lambda _: None)
            session.send(session.next_piece(), Body(data, Pace(None), lambda _: None))
            assert session.finish()
            session.close()
        put_away(source, settings, Disks([root], lambda _: None), digests, is_verified=True)
    written = root / "cam1" / ".partial" / "x.mp4" if not is_there else final
    folders = [final.parent, root / "cam1", root]
    assert events == [
        ("sync", str(written)),
        *(("sync", str(folder)) for folder in folders),
        ("unlink", str(tmp_path / "a.deleting.mp4")),
    ]
