"""PNG label maps: a picture beside each image whose pixels are numbers of classes.

Folders as these tools lay them out are read: `images/` with `labels/` or `masks/` beside it (maps
are called like their images, with or without `_mask` at the end), BDD100K's `labels/sem_seg/masks`,
and Cityscapes' `leftImg8bit/` with `gtFine/` or `gtCoarse/`. Maps are grey or have a palette, or
with CVAT's labelmap.txt any colours. All pixels of a class are one mask; those of 255 are one with
the label `ignored`, since nobody said what they are.

Names come from classes.txt (a line for each number from 0, or `number name`), from labelmap.txt,
or from what Cityscapes and BDD100K fix. Pixels of `background` are in no mask. Those of
`unlabeled`, `ignore` and `void` are `ignored`, as 255 is.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

import numpy as np

from vidset.formats.format import ImageLabels, Written
from vidset.formats.map_pictures import read_map
from vidset.formats.painting import BACKGROUND, IGNORED
from vidset.formats.reading import Reading
from vidset.formats.splits import split_named, told_splits
from vidset.labeling.annotation import LabeledObject
from vidset.masks import Mask
from vidset.regular_files import read_regular

_NAME = "label maps"
_MOST_BYTES = 1 << 29
IGNORED_NUMBER = 255
BACKGROUNDS = frozenset({BACKGROUND, "_background_"})
IGNORED_NAMES = frozenset({IGNORED, "unlabeled", "ignore", "void"})
_IMAGES = (".jpg", ".jpeg", ".png", ".webp", ".bmp")
_CITYSCAPES = re.compile(r"(.+)_(?:gtFine|gtCoarse)_(labelIds|labelTrainIds)\.png")
_TRAIN_NAMES = (
    "road, sidewalk, building, wall, fence, pole, traffic light, traffic sign, vegetation, "
    "terrain, sky, person, rider, car, truck, bus, train, motorcycle, bicycle"
)
TRAIN_IDS = _TRAIN_NAMES.split(", ")
FIRST_LABEL_ID = 4
# From there on; what stands before it belongs to no class.
_LABEL_NAMES = (
    "static, dynamic, ground, road, sidewalk, parking, rail track, building, wall, fence, "
    "guard rail, bridge, tunnel, pole, polegroup, traffic light, traffic sign, vegetation, "
    "terrain, sky, person, rider, car, truck, bus, caravan, trailer, train, motorcycle, bicycle"
)
LABEL_IDS = _LABEL_NAMES.split(", ")
Colour = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class _Classes:
    """Names by number, and of colours."""

    names: Mapping[int, str]
    colours: Mapping[Colour, str]


def is_layout(folder: Path) -> bool:
    """Returns whether a folder holds images and label maps, by the names in it."""
    if (folder / "leftImg8bit").is_dir():
        return True
    if not (folder / "images").is_dir():
        return False
    maps = _maps_folder(folder)
    if maps is None:
        return False
    stems = {_stem_of(file) for file in maps.rglob("*.png")}
    images = (file.stem for file in (folder / "images").rglob("*.*"))
    return any(stem in stems for stem in images)


def write(
    labels: Iterable[ImageLabels],
    path: str | Path,
    labels_order: Sequence[str] | None = None,
    *,
    lossy: bool = False,
) -> Written:
    """See `vidset.formats.format.Writer.write`: labels/, and the names in classes.txt.

    0 is `background`, and 255 is `ignored`.
    """
    from vidset.formats.label_maps_writing import write_label_maps

    return write_label_maps(labels, path, labels_order, lossy=lossy)


def read(path: str | Path, reading: Reading | None = None) -> Iterator[ImageLabels]:
    """Yield the images that have a map, in the order of the maps' names.

    Raises:
        ValueError: as `Reader.read` says; also where a number has no name.
    """
    reading = reading or Reading()
    root = Path(path)
    if not root.is_dir():
        raise ValueError(f"{root}: wanted a folder with images and {_NAME}, got none")
    has_images = (root / "images").is_dir()
    known = _images_below(root / "images" if has_images else root)
    if not has_images:  # Maps that stand alone are no images.
        known = {stem: image for stem, image in known.items() if stem.startswith("leftImg8bit/")}
    maps = list(_maps(root))
    is_split = told_splits(_split(name) for _, name, _ in maps)
    for file, name, classes in maps:
        split = _split(name) if is_split else None
        before = len(reading.faults)
        with reading.part():
            labels = _labels(file, _image_of(name, known), classes, reading)
            if len(reading.faults) == before:
                yield replace(labels, splits=(split,)) if split else labels
    if not maps:
        raise ValueError(
            f"{root}: wanted label maps in labels/, masks/, gtFine/ or gtCoarse/, got no PNG there"
        )


def _split(name: str) -> str | None:
    """The split that a folder above an image is called after."""
    return next(filter(None, map(split_named, PurePosixPath(name).parts[:-1])), None)


def _maps(root: Path) -> Iterator[tuple[Path, str, _Classes]]:
    """Yield each map with the name of its image, without its extension, and its classes."""
    own = _own_classes(root)
    for folder in ("gtFine", "gtCoarse"):
        for file in _city_maps(root / folder):
            match = _CITYSCAPES.fullmatch(file.name)
            below = file.parent.relative_to(root / folder)
            stem = match[1] if match else file.stem
            name = PurePosixPath("leftImg8bit", below.as_posix(), f"{stem}_leftImg8bit")
            is_train = match is not None and match[2] == "labelTrainIds"
            yield file, str(name), own or _numbered(TRAIN_IDS, 0 if is_train else None)
    maps = _maps_folder(root)
    if maps is None:
        return
    is_bdd = maps.match("labels/sem_seg/masks")
    named = own or (_numbered(TRAIN_IDS, 0) if is_bdd else None)
    for file in sorted(maps.rglob("*.png")):
        if named is None:
            raise ValueError(
                f"{root}: wanted the names of the maps' numbers in classes.txt, a line for each "
                "from 0 on, or CVAT's labelmap.txt, got neither"
            )
        below = file.parent.relative_to(maps).as_posix()
        yield file, str(PurePosixPath(below, _stem_of(file))), named


def _city_maps(folder: Path) -> list[Path]:
    """One map of each image: of its numbers for training, if the others are not there."""
    found: dict[tuple[Path, str], Path] = {}
    for file in sorted(folder.rglob("*.png")):  # An image's labelIds come before its labelTrainIds.
        if match := _CITYSCAPES.fullmatch(file.name):
            found.setdefault((file.parent, match[1]), file)
    return list(found.values())


def _numbered(names: Sequence[str], first: int | None) -> _Classes:
    if first is None:
        return _Classes(
            dict.fromkeys(range(FIRST_LABEL_ID), "unlabeled")
            | dict(enumerate(LABEL_IDS, FIRST_LABEL_ID)),
            {},
        )
    return _Classes(dict(enumerate(names, first)), {})


def _maps_folder(root: Path) -> Path | None:
    candidates = ("labels/sem_seg/masks", "labels", "masks", "SegmentationClass")
    return next(
        (root / each for each in candidates if any((root / each).rglob("*.png"))),
        None,
    )


def _stem_of(file: Path) -> str:
    return file.stem.removesuffix("_mask")


def _images_below(folder: Path) -> dict[str, str]:
    """The images by their names without extension."""
    files = sorted(file for file in folder.rglob("*") if file.suffix.lower() in _IMAGES)
    names = (file.relative_to(folder) for file in files)
    return {name.with_suffix("").as_posix(): name.as_posix() for name in names}


def _image_of(name: str, known: Mapping[str, str]) -> str:
    """The image of this name, or the only one below some folder whose name ends like it."""
    name = next((each for each in (name, name.removesuffix("_leftImg8bit")) if each in known), name)
    if name in known:
        return known[name]
    ending = f"/{name}"
    found = [image for stem, image in known.items() if f"/{stem}".endswith(ending)]
    return found[0] if len(found) == 1 else f"{name}.jpg"


def _own_classes(root: Path) -> _Classes | None:
    """Returns what classes.txt or labelmap.txt says."""
    plain, coloured = root / "classes.txt", root / "labelmap.txt"
    if plain.is_file():
        lines = _lines(plain)
        numbered = [re.fullmatch(r"(\d+)[\s:,]+(.+)", line) for line in lines]
        if lines and all(numbered):
            return _Classes({int(each[1]): each[2].strip() for each in numbered if each}, {})
        return _Classes(dict(enumerate(lines)), {})
    if coloured.is_file():
        names, colours = {}, {}
        for number, line in enumerate(_lines(coloured)):
            if line.startswith("#"):
                continue
            name, _, rest = line.partition(":")
            numbers = re.fullmatch(r"(\d+),(\d+),(\d+)", rest.partition(":")[0])
            if not numbers:
                raise ValueError(f"{coloured}:{number + 1}: wanted name:r,g,b::, got {line!r}")
            names[len(names)] = name
            colours[int(numbers[1]), int(numbers[2]), int(numbers[3])] = name
        return _Classes(names, colours)
    return None


def _lines(file: Path) -> list[str]:
    try:
        text = read_regular(file, _MOST_BYTES).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{file}: wanted a text: {error}") from None
    return [line.strip() for line in text.splitlines() if line.strip()]


def _labels(file: Path, name: str, classes: _Classes, reading: Reading) -> ImageLabels:
    data = read_regular(file, _MOST_BYTES)
    numbers = read_map(data, str(file))
    height, width = numbers.shape[:2]
    actual = reading.size_of(name) if reading.size_of else None
    if actual not in (None, (width, height)):
        raise ValueError(f"{file}: wanted {name}'s size {actual}, got {(width, height)}")
    if numbers.ndim == 3:
        by_name = _by_colour(numbers, classes, file)
    else:
        by_name = _by_number(numbers, classes, file)
    objects = tuple(
        LabeledObject(str(n), label, "mask", mask=Mask.of(pixels))
        for n, (label, pixels) in enumerate(by_name.items(), 1)
    )
    return ImageLabels(name, width, height, objects)


def _by_number(numbers: np.ndarray, classes: _Classes, file: Path) -> dict[str, np.ndarray]:
    found: dict[str, np.ndarray] = {}
    for number in np.unique(numbers).tolist():
        label = classes.names.get(number, IGNORED if number == IGNORED_NUMBER else None)
        if label is None:
            rows, columns = np.nonzero(numbers == number)
            raise ValueError(
                f"{file}: wanted numbers of {len(classes.names)} classes, got {number} "
                f"at {columns[0]}, {rows[0]}"
            )
        label = _meant(label)
        if label != BACKGROUND:
            before = found.get(label, np.zeros(numbers.shape, bool))
            found[label] = before | (numbers == number)
    return found


def _by_colour(picture: np.ndarray, classes: _Classes, file: Path) -> dict[str, np.ndarray]:
    if not classes.colours:
        raise ValueError(
            f"{file}: wanted a grey map or one with a palette, or CVAT's labelmap.txt, which says "
            "what the colours mean; got a coloured picture"
        )
    codes = picture.astype(np.int64) @ np.array([65536, 256, 1])
    known = {(r << 16) + (g << 8) + b: name for (r, g, b), name in classes.colours.items()}
    found: dict[str, np.ndarray] = {}
    for code in np.unique(codes).tolist():
        if code not in known:
            colour = (code >> 16, code >> 8 & 255, code & 255)
            raise ValueError(f"{file}: wanted colours of labelmap.txt, got {colour}")
        label = _meant(known[code])
        if label != BACKGROUND:
            found[label] = found.get(label, np.zeros(codes.shape, bool)) | (codes == code)
    return found


def _meant(name: str) -> str:
    """The label of a class: those that stand for no thing have one name each."""
    if name.lower() in BACKGROUNDS:
        return BACKGROUND
    return IGNORED if name.lower() in IGNORED_NAMES else name
