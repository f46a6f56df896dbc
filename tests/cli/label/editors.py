"""What other tools do to exported files: each edits one format, with no code of vidset's.

A handle is what an editor finds of an object: `boxes` gives those of an image in their order.
"""

import csv
import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any, Protocol
from xml.etree import ElementTree as ET

from tests.cli.labels import HEIGHT, WIDTH

Rectangle = tuple[float, float, float, float]


class Editor(Protocol):
    def __init__(self, path: Path): ...
    def boxes(self, image: str) -> list[Any]: ...
    def place(self, handle: Any, rectangle: Rectangle) -> None: ...
    def relabel(self, handle: Any, label: str) -> None: ...
    def add(self, image: str, label: str, rectangle: Rectangle) -> None: ...
    def delete(self, image: str, handle: Any) -> None: ...
    def forget(self, image: str) -> None: ...
    def save(self) -> None: ...


class _Json:
    def __init__(self, path: Path):
        self.path, self.document = path, json.loads(path.read_text())

    def save(self) -> None:
        self.path.write_text(json.dumps(self.document))


class Coco(_Json):
    def _id(self, image: str) -> int:
        return next(each["id"] for each in self.document["images"] if each["file_name"] == image)

    def _number(self, label: str) -> int:
        return next(each["id"] for each in self.document["categories"] if each["name"] == label)

    def boxes(self, image: str) -> list[Any]:
        found = self.document["annotations"]
        return [each for each in found if each["image_id"] == self._id(image)]

    def place(self, handle: Any, rectangle: Rectangle) -> None:
        handle["bbox"] = list(rectangle)

    def relabel(self, handle: Any, label: str) -> None:
        handle["category_id"] = self._number(label)

    def add(self, image: str, label: str, rectangle: Rectangle) -> None:
        said = {"image_id": self._id(image), "category_id": self._number(label)}
        self.document["annotations"].append({"id": 999, "bbox": list(rectangle), **said})

    def delete(self, image: str, handle: Any) -> None:
        self.document["annotations"].remove(handle)

    def forget(self, image: str) -> None:
        for each in self.boxes(image):
            self.delete(image, each)
        images = self.document["images"]
        images.remove(next(each for each in images if each["file_name"] == image))


class Csv:
    _OBJECT = ("object", "label", "x", "y", "width", "height", "angle", "points", "mask")

    def __init__(self, path: Path):
        self.path = path
        with path.open(newline="") as file:
            self.rows = list(csv.DictReader(file))

    def boxes(self, image: str) -> list[Any]:
        return [row for row in self.rows if row["image"] == image]

    def place(self, handle: Any, rectangle: Rectangle) -> None:
        handle |= dict(zip(("x", "y", "width", "height"), map(str, rectangle), strict=True))

    def relabel(self, handle: Any, label: str) -> None:
        handle["label"] = label

    def add(self, image: str, label: str, rectangle: Rectangle) -> None:
        row = {**self.boxes(image)[0], "object": "", "label": label}
        self.rows.append(row)
        self.place(row, rectangle)

    def delete(self, image: str, handle: Any) -> None:
        if len(self.boxes(image)) > 1:
            self.rows.remove(handle)
        else:  # A line without an object says that there is none.
            handle |= dict.fromkeys(self._OBJECT, "")

    def forget(self, image: str) -> None:
        self.rows = [row for row in self.rows if row["image"] != image]

    def save(self) -> None:
        with self.path.open("w", newline="") as file:
            writer = csv.DictWriter(file, [*self.rows[0]])
            writer.writeheader()
            writer.writerows(self.rows)


class Cvat:
    def __init__(self, path: Path):
        self.path, self.tree = path, ET.parse(path)  # noqa: S314  Our own.

    def _image(self, image: str) -> ET.Element:
        images = self.tree.getroot().findall("image")
        return next(each for each in images if each.get("name") == image)

    def boxes(self, image: str) -> list[Any]:
        return self._image(image).findall("box")

    def place(self, handle: Any, rectangle: Rectangle) -> None:
        x, y, width, height = rectangle
        edges = {"xtl": x, "ytl": y, "xbr": x + width, "ybr": y + height}
        for name, value in edges.items():
            handle.set(name, f"{value:.2f}")

    def relabel(self, handle: Any, label: str) -> None:
        handle.set("label", label)

    def add(self, image: str, label: str, rectangle: Rectangle) -> None:
        said = {"label": label, "occluded": "0"}
        self.place(ET.SubElement(self._image(image), "box", said), rectangle)

    def delete(self, image: str, handle: Any) -> None:
        self._image(image).remove(handle)

    def forget(self, image: str) -> None:
        self.tree.getroot().remove(self._image(image))

    def save(self) -> None:
        self.tree.write(self.path)


class Datumaro(_Json):
    def _item(self, image: str) -> Any:
        items = self.document["items"]
        return next(each for each in items if each["image"]["path"] == image)

    def boxes(self, image: str) -> list[Any]:
        return [each for each in self._item(image)["annotations"] if each["type"] == "bbox"]

    def place(self, handle: Any, rectangle: Rectangle) -> None:
        handle["bbox"] = list(rectangle)

    def relabel(self, handle: Any, label: str) -> None:
        names = [each["name"] for each in self.document["categories"]["label"]["labels"]]
        handle["label_id"] = names.index(label)

    def add(self, image: str, label: str, rectangle: Rectangle) -> None:
        handle = {"id": 99, "type": "bbox", "attributes": {}, "group": 0, "z_order": 0}
        self._item(image)["annotations"].append(handle)
        self.place(handle, rectangle)
        self.relabel(handle, label)

    def delete(self, image: str, handle: Any) -> None:
        self._item(image)["annotations"].remove(handle)

    def forget(self, image: str) -> None:
        self.document["items"].remove(self._item(image))


class LabelStudio(_Json):
    def _task(self, image: str) -> Any:
        return next(each for each in self.document if each["data"]["image"] == image)

    def _result(self, image: str) -> list[Any]:
        return self._task(image)["annotations"][0]["result"]

    def boxes(self, image: str) -> list[Any]:
        return [each for each in self._result(image) if each["type"] == "rectanglelabels"]

    def place(self, handle: Any, rectangle: Rectangle) -> None:
        x, y, width, height = rectangle
        across = {"x": 100 * x / WIDTH, "width": 100 * width / WIDTH}
        handle["value"] |= across | {"y": 100 * y / HEIGHT, "height": 100 * height / HEIGHT}

    def relabel(self, handle: Any, label: str) -> None:
        handle["value"]["rectanglelabels"] = [label]

    def add(self, image: str, label: str, rectangle: Rectangle) -> None:
        handle = deepcopy(self.boxes(image)[0]) | {"id": "a new one"}
        self._result(image).append(handle)
        self.place(handle, rectangle)
        self.relabel(handle, label)

    def delete(self, image: str, handle: Any) -> None:
        self._result(image).remove(handle)

    def forget(self, image: str) -> None:
        self.document.remove(self._task(image))


class _Files:
    """A file for each image, which is written as soon as it is edited."""

    def __init__(self, path: Path):
        self.path = path

    def file(self, image: str) -> Path:
        raise NotImplementedError

    def forget(self, image: str) -> None:
        self.file(image).unlink()

    def save(self) -> None:
        pass


class Labelme(_Files):
    def file(self, image: str) -> Path:
        return (self.path / image).with_suffix(".json")

    def _change(self, image: str, change: Callable[[list[Any]], object]) -> None:
        document = json.loads(self.file(image).read_text())
        change(document["shapes"])
        self.file(image).write_text(json.dumps(document))

    def boxes(self, image: str) -> list[Any]:
        shapes = json.loads(self.file(image).read_text())["shapes"]
        return [(image, n) for n, each in enumerate(shapes) if each["shape_type"] == "rectangle"]

    def place(self, handle: Any, rectangle: Rectangle) -> None:
        x, y, width, height = rectangle
        points = [[x, y], [x + width, y + height]]
        self._change(handle[0], lambda shapes: shapes[handle[1]].update(points=points))

    def relabel(self, handle: Any, label: str) -> None:
        self._change(handle[0], lambda shapes: shapes[handle[1]].update(label=label))

    def add(self, image: str, label: str, rectangle: Rectangle) -> None:
        shape = {"label": label, "shape_type": "rectangle", "flags": {}, "group_id": None}
        self._change(image, lambda shapes: shapes.append(shape | {"points": [[0, 0], [9, 9]]}))
        self.place(self.boxes(image)[-1], rectangle)

    def delete(self, image: str, handle: Any) -> None:
        self._change(image, lambda shapes: shapes.pop(handle[1]))


class Voc(_Files):
    def file(self, image: str) -> Path:
        files = (self.path / "Annotations").iterdir()
        return next(each for each in files if ET.parse(each).findtext("filename") == image)  # noqa: S314  Our own.

    def _change(self, image: str, change: Callable[[ET.Element], object]) -> None:
        file = self.file(image)
        tree = ET.parse(file)  # noqa: S314  Our own.
        change(tree.getroot())
        tree.write(file)

    def boxes(self, image: str) -> list[Any]:
        objects = ET.parse(self.file(image)).findall("object")  # noqa: S314  Our own.
        return [(image, number) for number, _ in enumerate(objects)]

    def place(self, handle: Any, rectangle: Rectangle) -> None:
        x, y, width, height = map(int, rectangle)
        edges = {"xmin": x + 1, "ymin": y + 1, "xmax": x + width, "ymax": y + height}

        def change(root: ET.Element) -> None:
            bounds = root.findall("object")[handle[1]].find("bndbox")
            assert bounds is not None
            for child in list(bounds):
                bounds.remove(child)
            for name, value in edges.items():
                ET.SubElement(bounds, name).text = str(value)

        self._change(handle[0], change)

    def relabel(self, handle: Any, label: str) -> None:
        def change(root: ET.Element) -> None:
            name = root.findall("object")[handle[1]].find("name")
            assert name is not None
            name.text = label

        self._change(handle[0], change)

    def add(self, image: str, label: str, rectangle: Rectangle) -> None:
        def change(root: ET.Element) -> None:
            found = ET.SubElement(root, "object")
            ET.SubElement(found, "name").text = label
            ET.SubElement(found, "bndbox")

        self._change(image, change)
        self.place(self.boxes(image)[-1], rectangle)

    def delete(self, image: str, handle: Any) -> None:
        self._change(image, lambda root: root.remove(root.findall("object")[handle[1]]))


class Yolo(_Files):
    def file(self, image: str) -> Path:
        return (self.path / "labels" / image).with_suffix(".txt")

    def _change(self, image: str, change: Callable[[list[str]], object]) -> None:
        lines = self.file(image).read_text().splitlines()
        change(lines)
        self.file(image).write_text("".join(f"{line}\n" for line in lines))

    def _number(self, label: str) -> str:
        names = (self.path / "data.yaml").read_text().partition("names:\n")[2].splitlines()
        line = next(each for each in names if each.endswith(f': "{label}"'))
        return line.partition(":")[0].strip()

    def boxes(self, image: str) -> list[Any]:
        return [(image, n) for n, _ in enumerate(self.file(image).read_text().splitlines())]

    def place(self, handle: Any, rectangle: Rectangle) -> None:
        x, y, width, height = rectangle
        middle = (x + width / 2) / WIDTH, (y + height / 2) / HEIGHT
        numbers = [*middle, width / WIDTH, height / HEIGHT]

        def change(lines: list[str]) -> None:
            parts = [lines[handle[1]].split()[0], *(f"{number:.6f}" for number in numbers)]
            lines[handle[1]] = " ".join(parts)

        self._change(handle[0], change)

    def relabel(self, handle: Any, label: str) -> None:
        def change(lines: list[str]) -> None:
            rest = lines[handle[1]].split()[1:]
            lines[handle[1]] = " ".join([self._number(label), *rest])

        self._change(handle[0], change)

    def add(self, image: str, label: str, rectangle: Rectangle) -> None:
        self._change(image, lambda lines: lines.append(self._number(label)))
        self.place(self.boxes(image)[-1], rectangle)

    def delete(self, image: str, handle: Any) -> None:
        self._change(image, lambda lines: lines.pop(handle[1]))


EDITORS: dict[str, type[Editor]] = {
    "coco": Coco,
    "csv": Csv,
    "cvat": Cvat,
    "datumaro": Datumaro,
    "label-studio": LabelStudio,
    "labelme": Labelme,
    "voc": Voc,
    "yolo": Yolo,
}
