"""Who labels at the two vendors: they open each image, and draw what is in the recording."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from tests.end_to_end.chain.drives import Recording
from tests.end_to_end.chain.servers import Servers
from tests.labeling.vendors.scale.double_state import Completion


@dataclass(frozen=True, slots=True)
class Seen:
    """An image as a vendor's annotator got it.

    Attributes:
        sha256: of the bytes behind the task's url.
        objects: how many were drawn.
    """

    vendor: str
    sha256: str
    objects: int


class Annotators:
    """They know each image of the frame ledger, and answer no task a second time."""

    def __init__(self, servers: Servers, title: str):
        self._servers, self._title = servers, title
        self.seen: dict[str, Seen] = {}

    def answer(self, images: Mapping[str, tuple[Recording, dict]]) -> int:
        """Answer the open tasks; how many there were.

        Args:
            images: the recording and the ledger's row of each image, by its id.
        """
        before = len(self.seen)
        for task in self.studio_tasks():
            if not task["annotations"]:  # Its count of them is late at times, or never comes.
                self._answer_studio(task, *images[task["data"]["image_id"]])
        for task in self._servers.scale.tasks():
            if task["status"] == "pending":
                self._answer_scale(task, *images[task["metadata"]["image_id"]])
        return len(self.seen) - before

    def studio_tasks(self) -> list[dict[str, Any]]:
        studio = self._servers.label_studio
        return [
            task for project in studio.projects(self._title) for task in studio.tasks(project["id"])
        ]

    def _answer_studio(self, task: dict[str, Any], recording: Recording, row: dict) -> None:
        wide, high = row["width"], row["height"]
        drawn = recording.objects_at(row["pts_seconds"], wide, high)
        result = [
            {
                "id": f"r{number}",
                "type": "rectanglelabels",
                "from_name": "box",
                "to_name": "image",
                "original_width": wide,
                "original_height": high,
                "image_rotation": 0,
                "value": {  # In percent of the picture.
                    "x": box["x"] / wide * 100,
                    "y": box["y"] / high * 100,
                    "width": box["width"] / wide * 100,
                    "height": box["height"] / high * 100,
                    "rotation": 0,
                    "rectanglelabels": [label],
                },
            }
            for number, (label, box) in enumerate(drawn, 1)
        ]
        self._see("label-studio", row, task["data"]["image"], len(drawn))
        self._servers.label_studio.annotate(task["id"], result)

    def _answer_scale(self, task: dict[str, Any], recording: Recording, row: dict) -> None:
        drawn = recording.objects_at(row["pts_seconds"], row["width"], row["height"])
        annotations = [
            {
                "type": "box",
                "label": label,
                "left": box["x"],
                "top": box["y"],
                "width": box["width"],
                "height": box["height"],
                "uuid": f"{task['task_id']}-{number}",
                "attributes": {},
            }
            for number, (label, box) in enumerate(drawn, 1)
        ]
        self._see("scale", row, task["params"]["attachment"], len(drawn))
        told = self._servers.scale.complete(task["task_id"], Completion(annotations, seconds=600))
        if told["callback_status"] != 200:
            raise AssertionError(f"Scale's callback was answered with {told}")

    def _see(self, vendor: str, row: dict, url: str, objects: int) -> None:
        image = httpx.get(url, timeout=600).raise_for_status().content
        self.seen[row["image_id"]] = Seen(vendor, hashlib.sha256(image).hexdigest(), objects)
