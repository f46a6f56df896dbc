"""COCO's lists of results: https://cocodataset.org/#format-results.

They name images and categories by numbers of the file that they are about.
"""

from pathlib import Path
from typing import Any

from vidset.formats.reading import read_json

_LABELS = ("category_name", "category", "label")  # As some tools' results tell them.


def are_results(document: Any) -> bool:
    """Returns whether a JSON file is a list of results."""
    return isinstance(document, list) and all(
        isinstance(each, dict) and "image_id" in each for each in document[:1]
    )


def as_instances(results: list[Any], path: Path, results_of: Path | None) -> dict[str, Any]:
    """Return the same with the images and categories of the file that the results are about.

    Without this file, results that tell names themselves are taken: `file_name`, or a text as
    `image_id`, and `category_name`.

    Raises:
        ValueError: the results have numbers alone, and nobody tells what they are about.
    """
    if results_of is not None:
        about = read_json(results_of)
        if not isinstance(about, dict) or not isinstance(about.get("images"), list):
            raise ValueError(f"--results-of {results_of}: wanted a file with images, got none")
        seen = {str(each.get("image_id")) for each in results if isinstance(each, dict)}
        told = [
            each
            for each in about["images"]
            if not isinstance(each, dict) or str(each.get("id")) in seen
        ]
        return {"images": told, "categories": about.get("categories"), "annotations": results}
    images: dict[str, dict[str, Any]] = {}
    categories: dict[str, dict[str, Any]] = {}
    annotations = []
    for number, each in enumerate(results):
        place = f"{path}: [{number}]"
        if not isinstance(each, dict):
            raise ValueError(f"{place}: wanted an object, got {str(each)[:80]!r}")
        told = each.get("image_id")
        name = each.get("file_name") or (told if isinstance(told, str) else None)
        label = next((each[key] for key in _LABELS if isinstance(each.get(key), str)), None)
        if not isinstance(name, str) or label is None:
            what = "image_id" if not isinstance(name, str) else "category_id"
            raise ValueError(
                f"{place}: wanted a name, got {what} {each.get(what)!r} of the file that these "
                "results are about; name it: --results-of FILE"
            )
        images.setdefault(name, {"id": name, "file_name": name, "image_id": told})
        categories.setdefault(label, {"id": label, "name": label})
        annotations.append({**each, "image_id": name, "category_id": label})
    return {
        "images": [*images.values()],
        "categories": [*categories.values()],
        "annotations": annotations,
    }
