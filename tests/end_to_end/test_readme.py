"""What the README types runs in order, as it stands, on drawn videos and a labeler that answers."""

import json
import os
from contextlib import ExitStack

import pytest

from tests.contracts.pages import pages
from tests.drawing import write_video
from tests.end_to_end.jobs import rows
from tests.end_to_end.test_walk_through import Person, free_port, serving

pytestmark = pytest.mark.slow
# Collectors' lines need a bucket; training on boxes takes minutes, and the walk-through trains.
ELSEWHERE = {"upload", "train", "evaluate", "errors"}


def write_truth(place, path):
    """Put a box into each kept image."""
    answers = [
        {
            "image_id": row["image_id"],
            "state": "labeled",
            "image_width": row["width"],
            "image_height": row["height"],
            "objects": [
                {
                    "id": "1",
                    "label": "car",
                    "type": "box",
                    "box": {"x": 10.0, "y": 20.0, "width": 40.0, "height": 30.0, "angle": 0.0},
                }
            ],
        }
        for row in rows(str(place), "frames")
        if row["kept"]
    ]
    path.write_text("".join(f"{json.dumps(answer)}\n" for answer in answers))


def test_what_the_readme_types_runs_in_order(tmp_path):
    for number in range(8):
        scenes = range(number * 3, number * 3 + 3)
        write_video(tmp_path / "drives" / f"{number}.mp4", scenes=scenes)
    port, place = free_port(), tmp_path / "roads"
    person = Person(
        tmp_path,
        {
            "HOME": str(tmp_path),
            "LABELING_VENDOR": "truth",
            "LABELING_TRUTH": str(tmp_path / "truth.jsonl"),
            "LABELING_TRUTH_SECRET": "0123456789abcdef",
            "LABELING_CALLBACK_URL": f"http://127.0.0.1:{port}/receive_annotation",
            "LABELING_IMAGE_ACCESS": f"http://127.0.0.1:{port}/images/{{name}}",
        },
    )
    [readme] = [page for page in pages() if page.name == "README.md"]
    lines = [call for call in readme.commands if call.whole and call.kind == "vidset"]
    ran = []
    with ExitStack() as stack:
        for call in lines:
            words = [word.replace("~", str(tmp_path)) for word in call.arguments]
            if words[0] in ELSEWHERE:
                continue
            if words[:2] == ["label", "serve"]:
                write_truth(place, tmp_path / "truth.jsonl")
                stack.enter_context(serving(person, "vidset label serve", port))
                continue
            person.runs(*words)
            ran.append(words[0])
            if words[0] == "init":
                person.folder = place
    assert ran == ["init", "extract", "plan", "label", "label", "sync", "sql", "export", "dataset"]
    assert os.path.isfile(place / "datasets" / "names" / "v0")
