"""The same videos through worker processes of ours and through Beam: the same images and rows."""

import shutil

import pytest

from tests.cli.process import vidset
from tests.drawing import write_video
from tests.end_to_end.jobs import objects, results, rows, running_job, wait_for

pytestmark = pytest.mark.slow
BEAM = {
    "DirectRunner": ("--direct_num_workers=1", "--direct_running_mode=in_memory"),
    "threads": ("--direct_num_workers=2", "--direct_running_mode=multi_threading"),
    "worker processes": ("--direct_num_workers=2", "--direct_running_mode=multi_processing"),
}


def make_videos(folder):
    """Whole, in part, none at all, and one whose timestamps are not plain."""
    write_video(folder / "cam1" / "whole.mp4", scenes=[0, 1, 1, 2])
    whole = write_video(folder / "cam1" / "cut.mkv", scenes=range(10))
    whole.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    write_video(folder / "cam2" / "other.mp4", scenes=[5, 6, 7])
    (folder / "cam2" / "broken.mp4").write_bytes(b"nonsense")
    return folder


@pytest.mark.parametrize(
    "options",
    [
        pytest.param(options, id=name, marks=pytest.mark.chaos if name == "threads" else ())
        for name, options in BEAM.items()
    ],
)
def test_a_batch_by_beam_gives_the_same(options, tmp_path):
    videos = make_videos(tmp_path / "in")
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    assert vidset("extract", videos, "-o", ours).returncode == 1
    ended = vidset("extract", videos, "-o", theirs, "--", *options)
    assert ended.returncode == 1, ended.stderr
    images, tables = results(str(ours))
    assert len(images) > 8
    assert {row["status"] for row in tables["videos"]} == {"done", "partial", "failed"}
    assert results(str(theirs)) == (images, tables)
    assert objects(f"{ours}/dead_letters") == objects(f"{theirs}/dead_letters")


@pytest.mark.emulator
def test_a_stream_by_beam_gives_the_same(gcs_with_events, tmp_path):
    cloud = gcs_with_events
    for bucket in ("uploads", "ours", "theirs"):
        cloud.make_bucket(bucket)
    letters = cloud.pubsub.create_topic("dead-letters")
    videos, log = make_videos(tmp_path / "in"), tmp_path / "job.log"
    arguments = (
        f"--input_subscription={cloud.subscription}",
        "--uploads_bucket=uploads",
        f"--dead_letter_topic={letters}",
        "--images=gs://theirs/images",
        "--ledger=gs://theirs",
    )
    with running_job(log, *arguments) as job:
        for path in sorted(videos.rglob("*.m*")):
            name = path.relative_to(videos).as_posix()
            cloud.client().bucket("uploads").blob(name).upload_from_filename(path, "video/mp4")
        wait_for(lambda: len(rows("gs://theirs", "videos")) == 4, job, log)
    assert vidset("extract", "gs://uploads", "-o", "gs://ours").returncode == 1
    images, tables = results("gs://ours")
    assert len(images) > 8
    assert results("gs://theirs") == (images, tables)


def test_one_worker_and_several_give_the_same(tmp_path):
    videos, one = make_videos(tmp_path / "in"), tmp_path / "out"
    vidset("extract", videos, "-o", one, "--workers", "1")
    whole = results(str(one))
    shutil.rmtree(one)
    vidset("extract", videos, "-o", one, "--workers", "3")
    assert results(str(one)) == whole
