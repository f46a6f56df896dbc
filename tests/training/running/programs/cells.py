"""Finds the pixels of objects, for tests: OpenCV's blobs of the colours that masks have in COCO."""

import json
import sys
from pathlib import Path

import cv2
import numpy as np
from faster_coco_eval import mask as coco_masks


def main() -> None:
    """Answers the request whose file is named."""
    request = json.loads(Path(sys.argv[1]).read_text())
    assert request["masks"] is True
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
    """Returns the median colour of each class's pixels."""
    coco = json.loads((folder / "annotations.json").read_text())
    names = {each["id"]: each["name"] for each in coco["categories"]}
    images = {each["id"]: each for each in coco["images"]}
    seen: dict[str, list[np.ndarray]] = {}
    for each in coco["annotations"]:
        image = images[each["image_id"]]
        picture = cv2.imread(str(folder / "images" / image["file_name"]))
        told = each["segmentation"]
        pixels = coco_masks.decode(told) > 0
        seen.setdefault(names[each["category_id"]], []).append(np.median(picture[pixels], axis=0))
    return {label: np.median(values, axis=0).tolist() for label, values in seen.items()}


def find(picture: np.ndarray, colours: dict[str, list[float]]) -> list[dict]:
    """Returns connected pixels that are near a class's colour: as a polygon, or run lengths."""
    found = []
    smooth = cv2.GaussianBlur(picture, (5, 5), 0).astype(float)
    for label, colour in colours.items():
        near = (np.abs(smooth - colour).max(axis=2) < 40).astype(np.uint8)
        number, places, stats, _ = cv2.connectedComponentsWithStats(near)
        for place in range(1, number):
            if stats[place, cv2.CC_STAT_AREA] < 150:
                continue
            pixels = (places == place).astype(np.uint8)
            score = float(min(1.0, pixels.sum() / 4000))
            found.append({"label": label, "score": score, "segmentation": said(pixels, place)})
    return found


def said(pixels: np.ndarray, place: int) -> object:
    """Returns every second object as polygons, as COCO has them, the others as run lengths."""
    if place % 2:
        rings, _ = cv2.findContours(pixels, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        return [ring.ravel().tolist() for ring in rings if len(ring) > 2]
    told = coco_masks.encode(np.asfortranarray(pixels))
    return {"size": told["size"], "counts": told["counts"].decode()}


main()
