"""Editors of formats with a file for each image: labelme, Pascal VOC and YOLO."""

import json
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from tests.cli.label.editor import Rectangle
from tests.cli.labels import HEIGHT, WIDTH


class _Files(ABC):
    """A file for each image, which is written as soon as it is edited."""

    def __init__(self, path: Path):
        self.path = path

    @abstractmethod
    def file(self, image: str) -> Path: ...

    def forget(self, image: str) -> None:
        self.file(image).unlink()

    def save(self) -> None:  # noqa: B027 (not for others to define)
        """Each edit was written at once: there is nothing to do."""


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
