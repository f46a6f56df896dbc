"""A labeler that answers from known truth, for pages that speak of another vendor."""

import json
from pathlib import Path

from tests.end_to_end.jobs import rows
from tests.pages.shell import Shell

BOX = {"x": 10.0, "y": 20.0, "width": 40.0, "height": 30.0, "angle": 0.0}


def use_truth(shell: Shell, port: int) -> None:
    """Have tasks answered by the labeler of `truth.jsonl`, through a server on this port."""
    for name, value in {
        "LABELING_VENDOR": "truth",
        "LABELING_TRUTH": shell.home / "truth.jsonl",
        "LABELING_TRUTH_SECRET": "0123456789abcdef",
        "LABELING_CALLBACK_URL": f"http://127.0.0.1:{port}/receive_annotation",
        "LABELING_IMAGE_ACCESS": f"http://127.0.0.1:{port}/images/{{name}}",
    }.items():
        assert shell.types(f"export {name}='{value}'").code == 0


def write_truth(place: Path, path: Path) -> None:
    """Put a box into each kept image."""
    answers = [
        {
            "image_id": row["image_id"],
            "state": "labeled",
            "image_width": row["width"],
            "image_height": row["height"],
            "objects": [{"id": "1", "label": "car", "type": "box", "box": BOX}],
        }
        for row in rows(str(place), "frames")
        if row["kept"]
    ]
    path.write_text("".join(f"{json.dumps(answer)}\n" for answer in answers))
