"""A place with words on its images, a version of them, and a run that was trained on it."""

from pathlib import Path

from tests.cli.called import vidset
from tests.cli.dataset.outputs import add_video
from tests.cli.exports import annotate
from vidset.labeling.annotation import LabeledObject

RAIN = (LabeledObject("1", "rain", "classification"),)
SUN = (LabeledObject("1", "sun", "classification"),)
TEMPLATE = """
name: weather
labels:
  - {name: rain, type: classification}
  - {name: sun, type: classification}
"""
# The images of each video, and how many of them have a label. b.mp4 validates.
IMAGES = {"a": (8, 3), "b": (5, 2), "c": (6, 0), "d": (4, 4)}
_GROUPS = "sql:CASE WHEN video_uri LIKE '%b.mp4' THEN 'b' ELSE 'rest' END"


def make_place(place: Path) -> Path:
    """Extract noise, label some of it, cut the version v0 and train a run on it."""
    for at, (video, (images, _)) in enumerate(IMAGES.items()):
        add_video(place, f"{video}.mp4", [100 * at + second for second in range(images)])
    labels = {
        f"{video}/0/{second:07d}000.jpg": RAIN if second % 2 else SUN
        for video, (_, labeled) in IMAGES.items()
        for second in range(labeled)
    }
    annotate(place, labels)
    (place / "template.yaml").write_text(TEMPLATE)
    (place / "vidset.toml").write_text(f'template = "{place}/template.yaml"\n')
    shares = "train=0.8,validation=0.2"
    for words in (
        ("dataset", "create", "-n", "v0", "--group-by", _GROUPS, "--shares", shares),
        ("train", "v0", "--epochs", "1"),
    ):
        called = vidset(*words, "-p", place, "-q")
        assert called.code == 0, called.err
    return place
