"""A pixel classifier for tests: scikit-learn tells the label of a pixel by its colour and place."""

import json
import pickle
import sys
from pathlib import Path

import cv2
import numpy as np
from sklearn.tree import DecisionTreeClassifier

IGNORED = 255


def features(picture: np.ndarray) -> np.ndarray:
    """Returns (pixels, 5): blurred colour, row and column."""
    height, width = picture.shape[:2]
    rows, columns = np.mgrid[:height, :width]
    colour = cv2.GaussianBlur(picture, (5, 5), 0).reshape(-1, 3)
    return np.column_stack([colour, rows.ravel() / height * 255, columns.ravel() / width * 255])


def main() -> None:
    """Answers the request whose file is named."""
    request = json.loads(Path(sys.argv[1]).read_text())
    weights = Path(request["weights"]) / "tree.pickle"
    if request["action"] == "train":
        folder = Path(request["train"])
        names = (folder / "classes.txt").read_text().splitlines()
        assert all(names[number] == label for label, number in request["numbers"].items())
        rows, labels = [], []
        for path in sorted((folder / "images").iterdir()):
            mask = cv2.imread(str(folder / "labels" / f"{path.stem}_mask.png"), -1).ravel()
            known = mask != IGNORED
            rows.append(features(cv2.imread(str(path)))[known])
            labels.append(mask[known])
        tree = DecisionTreeClassifier(max_depth=12, random_state=request["seed"])
        tree.fit(np.vstack(rows), np.concatenate(labels))
        assert set(tree.classes_) <= set(request["numbers"].values())
        weights.write_bytes(pickle.dumps(tree))
        return
    tree = pickle.loads(weights.read_bytes())  # noqa: S301 (this program's own weights)
    with open(request["predictions"], "w") as file:
        for path in Path(request["images"]).iterdir():
            picture = cv2.imread(str(path))
            found = tree.predict(features(picture)).reshape(picture.shape[:2])
            name = f"{path.stem}.png"
            cv2.imwrite(str(Path(request["label_maps"]) / name), found.astype(np.uint8))
            file.write(json.dumps({"image": path.name, "label_map": name}) + "\n")


main()
