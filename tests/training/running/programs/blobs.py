"""A detector for tests: it learns the colour of each class's objects from COCO, and finds blobs."""

import json
import sys
from pathlib import Path

import cv2
import numpy as np


def main() -> None:
    """Answers the request whose file is named."""
    request = json.loads(Path(sys.argv[1]).read_text())
    weights = Path(request["weights"]) / "colours.json"
    if request["action"] == "train":
        weights.write_text(json.dumps(learn(Path(request["train"]))))
        return
    colours = json.loads(weights.read_text())
    with open(request["predictions"], "w") as file:
        for path in Path(request["images"]).iterdir():
            found = find(cv2.imread(str(path)), colours)
            file.write(json.dumps({"image": path.name, "objects": found}) + "\n")


def learn(folder: Path) -> dict[str, list[float]]:
    """Returns the median colour in the middle of each class's boxes."""
    coco = json.loads((folder / "annotations.json").read_text())
    names = {each["id"]: each["name"] for each in coco["categories"]}
    files = {each["id"]: each["file_name"] for each in coco["images"]}
    seen: dict[str, list[np.ndarray]] = {}
    for each in coco["annotations"]:
        picture = cv2.imread(str(folder / "images" / files[each["image_id"]]))
        x, y, width, height = each["bbox"]
        middle = picture[int(y + height / 2), int(x + width / 2)]
        seen.setdefault(names[each["category_id"]], []).append(middle)
    return {label: np.median(values, axis=0).tolist() for label, values in seen.items()}


def find(picture: np.ndarray, colours: dict[str, list[float]]) -> list[dict]:
    """Returns the boxes of connected pixels that are near a class's colour."""
    found = []
    for label, colour in colours.items():
        near = np.abs(picture.astype(float) - colour).max(axis=2) < 60
        number, _, stats, _ = cv2.connectedComponentsWithStats(near.astype(np.uint8))
        for x, y, width, height, area in stats[1:number].tolist():
            if area > 60:
                box = {"x": x, "y": y, "width": width, "height": height}
                found.append({"label": label, "score": min(1.0, area / 5000), "box": box})
    return found


main()
