"""A classifier for tests: the class whose mean picture is the nearest."""

import json
import sys
from pathlib import Path

import cv2
import numpy as np


def features(path: Path) -> np.ndarray:
    """Returns 256 grey levels, from 0 to 1."""
    return cv2.resize(cv2.imread(str(path), cv2.IMREAD_GRAYSCALE), (16, 16)).ravel() / 255


def main() -> None:
    """Answers the request whose file is named."""
    request = json.loads(Path(sys.argv[1]).read_text())
    weights = Path(request["weights"]) / "means.npy"
    if request["action"] == "train":
        folders = sorted(Path(request["train"]).iterdir())
        assert [request["folders"][folder.name] for folder in folders] == request["classes"]
        means = [np.mean([features(path) for path in each.iterdir()], axis=0) for each in folders]
        random = np.random.default_rng(request["seed"])
        np.save(weights, means + random.normal(0, 0.05, np.shape(means)))
        print("trained on", sum(len(list(each.iterdir())) for each in folders))
        return
    means = np.load(weights)
    with open(request["predictions"], "w") as file:
        for path in Path(request["images"]).iterdir():
            near = np.exp(-2 * np.linalg.norm(means - features(path), axis=1))
            row = zip(request["classes"], (near / near.sum()).tolist(), strict=True)
            file.write(json.dumps({"image": path.name, "probabilities": dict(row)}) + "\n")


main()
