"""A model that is a program of its own, behind the contract of docs/training.md.

A TOML file names the program. With the files that it lists, it travels with each run, and the
recipe's hash covers all of them: another program, option or configuration is another model.
"""

import hashlib
import re
import shutil
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from io import BufferedReader
from pathlib import Path
from typing import Any, Literal, cast

from vidset.datasets.errors import DatasetError
from vidset.datasets.versions.canonical import to_json
from vidset.regular_files import open_regular, read_regular
from vidset.storage.writing import make_folder, replacing, write_atomically
from vidset.suggestions import did_you_mean
from vidset.training.models.truths import (
    BoxTruths,
    ClassTruths,
    InstanceTruths,
    PixelTruths,
    Truths,
)

CONTRACT = 1
FILE = "model.toml"
_TASKS: Mapping[str, type[Truths]] = {
    "classification": ClassTruths,
    "detection": BoxTruths,
    "segmentation": PixelTruths,
}
LABEL_MAPS = "label-maps"
_DATA = {
    "classification": ("folders",),
    "detection": ("coco", "yolo"),
    "segmentation": (LABEL_MAPS,),
}
_DATA_OF_MASKS = ("coco",)
_RUNTIMES = ("docker", "podman")
_KEYS = ("name", "task", "masks", "data", "command", "files", "image", "runtime")
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_DIGEST = re.compile(r"[^\s-]\S*@sha256:[0-9a-f]{64}")
_MOST_BYTES = 1 << 18


@dataclass(frozen=True, slots=True)
class CommandModel:
    """A program that trains on a folder of data and predicts for a folder of images.

    Attributes:
        folder: where its files are.
        data: how it takes the training data: a format's name, or `folders`.
        command: its program and arguments. A path of the request's file comes after them.
        files: the paths of its files below `folder`, with the SHA-256 of each.
        image: a container image by its digest, in which the command runs; None: on this machine.
        runtime: the program that runs containers.
        masks: whether a detector learns and tells the pixels of each object, too.
    """

    name: str
    task: Literal["classification", "detection", "segmentation"]
    folder: Path
    data: str
    command: tuple[str, ...]
    files: Mapping[str, str] = field(repr=False)
    image: str | None = None
    runtime: str = "docker"
    masks: bool = False

    @property
    def recipe(self) -> dict[str, Any]:
        """All that fixes the model, as JSON. Which program runs containers is no part of it."""
        return {
            "contract": CONTRACT,
            "task": self.task,
            **({"masks": True} if self.masks else {}),
            "data": self.data,
            "command": list(self.command),
            "image": self.image,
            "files": dict(self.files),
        }

    @property
    def recipe_hash(self) -> str:
        """SHA-256 of the recipe as canonical JSON, in hex."""
        return hashlib.sha256(to_json(self.recipe).encode()).hexdigest()

    def truths(self) -> Truths:
        """Returns what reads the truth of its task."""
        return InstanceTruths() if self.masks else _TASKS[self.task]()

    def copy_to(self, folder: Path) -> "CommandModel":
        """Write its files into a folder, and return the model there.

        Raises:
            DatasetError: a file has changed since the model was read.
        """
        for name in self.files:
            make_folder(folder, (folder / name).parent)
            with _opened(self.folder / name) as file, replacing(folder / name) as copy:
                shutil.copyfileobj(file, copy)
        write_atomically(folder / FILE, self._toml())
        copied = read_command_model(folder / FILE)
        if copied.files != self.files:
            raise DatasetError(f"{self.folder}: files of {self.name} were changed meanwhile")
        return copied

    def _toml(self) -> str:
        lines = {
            "name": self.name,
            "task": self.task,
            **({"masks": True} if self.masks else {}),
            "data": self.data,
            "command": list(self.command),
            "files": list(self.files),
            **({"image": self.image, "runtime": self.runtime} if self.image else {}),
        }
        # Texts and lists of texts in JSON are TOML as well, but for the escape of DEL.
        return "".join(
            f"{key} = {to_json(value).replace(chr(127), chr(92) + 'u007f')}\n"
            for key, value in lines.items()
        )


def read_command_model(path: Path) -> CommandModel:
    """Read the TOML file of a model that is a program.

    Raises:
        DatasetError: it cannot be read, or a key is missing, unknown or wrong; it says which.
    """
    said = _parse(path)
    for key in said:
        if key not in _KEYS:
            raise DatasetError(f"{path}: unknown key {key!r}.{did_you_mean(key, _KEYS)}")
    for key in ("name", "task", "command"):
        if key not in said:
            raise DatasetError(f"{path}: wanted a key {key!r}")
    task = said["task"]
    if not isinstance(task, str) or task not in _TASKS:
        *several, last = _TASKS
        raise DatasetError(f"{path}: task: wanted {', '.join(several)} or {last}, got {task!r}")
    masks = said.get("masks", False)
    if not isinstance(masks, bool) or (masks and task != "detection"):
        raise DatasetError(
            f"{path}: masks: wanted true or false, and true for detection alone, got {masks!r}"
        )
    formats = _DATA_OF_MASKS if masks else _DATA[task]
    data = said.get("data", formats[0])
    if data not in formats:
        what = f"{task} with masks" if masks else task
        raise DatasetError(f"{path}: data: wanted {' or '.join(formats)} for {what}, got {data!r}")
    name = said["name"]
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise DatasetError(
            f"{path}: name: wanted 1 to 64 of a-z, 0-9, '.', '_' and '-', got {name!r}"
        )
    command = _texts(path, "command", said["command"])
    if not command:
        raise DatasetError(f"{path}: command: wanted a program and its arguments, got nothing")
    image, runtime = said.get("image"), said.get("runtime", _RUNTIMES[0])
    if image is not None and not (isinstance(image, str) and _DIGEST.fullmatch(image)):
        raise DatasetError(
            f"{path}: image: wanted one by its digest, NAME@sha256:64 hex digits, got {image!r}: "
            "a tag may stand for another image tomorrow"
        )
    if runtime not in _RUNTIMES:
        raise DatasetError(f"{path}: runtime: wanted {' or '.join(_RUNTIMES)}, got {runtime!r}")
    return CommandModel(
        name=name,
        task=cast(Literal["classification", "detection", "segmentation"], task),
        folder=path.parent,
        data=data,
        command=tuple(command),
        files=dict(_hashes(path, _texts(path, "files", said.get("files", [])))),
        image=image,
        runtime=runtime,
        masks=masks,
    )


def _parse(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(read_regular(path, _MOST_BYTES).decode())
    except OSError as error:
        raise DatasetError(f"{path}: wanted a model's TOML file: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise DatasetError(f"{path}: wanted a model's TOML file: {error}") from None


def _texts(path: Path, key: str, value: Any) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise DatasetError(f"{path}: {key}: wanted a list of texts, got {value!r}")
    return value


def _hashes(path: Path, names: list[str]) -> Iterator[tuple[str, str]]:
    """Yields each file with the SHA-256 of its bytes, sorted by name."""
    for name in sorted(set(names)):
        file = Path(name)
        if file.is_absolute() or ".." in file.parts or name != file.as_posix() or name == ".":
            raise DatasetError(f"{path}: files: wanted paths below {path.parent}, got {name!r}")
        if name == FILE:
            raise DatasetError(f"{path}: files: {FILE} is the name of the file that says all this")
        with _opened(path.parent / name) as opened:
            yield name, hashlib.file_digest(opened, "sha256").hexdigest()


def _opened(file: Path) -> BufferedReader:
    try:
        return open_regular(file)
    except OSError as error:
        raise DatasetError(f"{file}: wanted a file of the model: {error.strerror}") from None
