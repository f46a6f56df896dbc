"""A sample that repeats the one before is not measured again, and its row says the same."""

import numpy as np

from tests.drawing import encode, scene
from vidset.elements import Upload
from vidset.filtering import judge as judging
from vidset.filtering.judge import Judge
from vidset.settings import ExtractionSettings
from vidset.video.decoding import Video

UPLOAD = Upload("gs://uploads/a.mp4", "a.mp4", "1", 1, "cam1")


def test_repeated_pictures_have_the_rows_of_pictures_that_are_measured(tmp_path, monkeypatch):
    """With a red patch that luma hardly shows, and a way back to a picture of before."""
    still, red = scene(1, 160, 120), scene(1, 160, 120)
    red[40:80, 40:80] = (255, 0, 0)
    pictures = [still, still, still, red, red, still, still, scene(2, 160, 120), still]
    path = encode(tmp_path / "parked.mp4", (np.uint8(each) for each in pictures), fps=1, crf=0)
    settings = ExtractionSettings()
    with Video(str(path), path.name) as opened:
        frames = list(opened.sample(settings.sampling))
    assert len(frames) == len(pictures)

    anew = Judge(settings)
    rows = []
    for frame in frames:
        anew._before = None
        rows.append(anew.row(UPLOAD, frame))

    measured = []
    monkeypatch.setattr(
        judging, "picture", lambda *given, made=judging.picture: measured.append(1) or made(*given)
    )
    judge = Judge(settings)
    assert [judge.row(UPLOAD, frame) for frame in frames] == rows
    assert len(measured) == 5
    assert [row.kept for row in rows][:4] == [True, False, False, True]
