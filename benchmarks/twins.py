"""Near duplicates: what is found of pictures that were saved otherwise, and what is wrong."""

import hashlib
import tarfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pyarrow as pa

from vidset.datasets.images.measures import SCHEMA, THUMBNAIL_SIDE, decode, phash
from vidset.datasets.images.near_duplicates import (
    LEAST_LIKENESS,
    NEAR_DISTANCE,
    NearIndex,
    Pictures,
)
from vidset.demo.numerals import NUMERALS, draw_numeral

_ROMAN = Path(__file__).parents[2] / "shared" / "roman" / "v0.tar"
_MOST_PICTURES = 600


def run_twins(videos: list[Path]) -> None:
    """Twins of real pictures among all pictures; a picture of another origin is a wrong one."""
    sets = {"frames of the videos": list(_frames(videos)), "drawn numerals": list(_drawn())}
    if _ROMAN.exists():
        sets["handwritten numerals (v0)"] = list(_handwritten())
    print(f"\nTwins found at {NEAR_DISTANCE} bits and likeness {LEAST_LIKENESS}:\n")
    print("| twin | " + " | ".join(f"{name}, {len(each)}" for name, each in sets.items()) + " |")
    print("|---|" + "---|" * len(sets))
    for twin, make in _TWINS.items():
        cells = []
        for pictures in sets.values():
            found, wrong = _search(pictures, make)
            cells.append(f"{found:.1%}" + (f", {wrong} wrong" if wrong else ""))
        print(f"| {twin} | " + " | ".join(cells) + " |", flush=True)
    print("\nPairs of different pictures that count as near (hash alone; with the thumbnails):\n")
    for name, pictures in sets.items():
        print(f"- {name}: {_pairs(pictures, -1.0)}; {_pairs(pictures, LEAST_LIKENESS)}")


def table_of(pictures: Iterable[np.ndarray]) -> pa.Table:
    """The columns of the measures that near duplicates are found by, of luma pictures."""
    hashes, thumbnails = [], []
    for luma in pictures:
        size = (THUMBNAIL_SIDE, THUMBNAIL_SIDE)
        hashes.append(phash(luma))
        thumbnails.append(cv2.resize(luma, size, interpolation=cv2.INTER_AREA).tobytes())
    names = ("phash", "thumbnail")
    columns = zip(names, (hashes, thumbnails), strict=True)
    return pa.table({name: pa.array(values, SCHEMA.field(name).type) for name, values in columns})


def _search(
    pictures: list[tuple[str, np.ndarray]], make: Callable[[np.ndarray], np.ndarray]
) -> tuple[float, int]:
    """The share of twins whose original is found, and how many of another origin are."""
    table = table_of([picture for _, picture in pictures] + [make(p) for _, p in pictures])
    index = NearIndex(Pictures(table), NEAR_DISTANCE)
    count = len(pictures)
    for place in range(count):
        index.add(place)
    right = wrong = 0
    for place, (origin, _) in enumerate(pictures):
        found = {pictures[near.place][0] for near in index.find(count + place)}
        right += origin in found
        wrong += bool(found - {origin})
    return right / count, wrong


def _pairs(pictures: list[tuple[str, np.ndarray]], least: float) -> int:
    index = NearIndex(
        Pictures(table_of([picture for _, picture in pictures])), NEAR_DISTANCE, least
    )
    pairs = 0
    for place, (origin, _) in enumerate(pictures):
        pairs += sum(pictures[near.place][0] != origin for near in index.find(place))
        index.add(place)
    return pairs


def _frames(videos: list[Path]) -> Iterator[tuple[str, np.ndarray]]:
    """A frame of every second; frames of one video have one origin: they may be alike."""
    for video in videos:
        capture = cv2.VideoCapture(str(video))
        every = max(round(capture.get(cv2.CAP_PROP_FPS)), 1)
        number = taken = 0
        while capture.grab() and taken < _MOST_PICTURES // 4:
            if number % every == 0 and (read := capture.retrieve())[0]:
                luma = cv2.cvtColor(read[1], cv2.COLOR_BGR2GRAY)
                if luma.std() > 1:  # One film is black.
                    taken += 1
                    yield video.name, luma
            number += 1


def _drawn() -> Iterator[tuple[str, np.ndarray]]:
    random = np.random.default_rng(0)
    for number in range(_MOST_PICTURES):
        picture = draw_numeral(NUMERALS[number % len(NUMERALS)], random)
        yield str(number), cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)


def _handwritten() -> Iterator[tuple[str, np.ndarray]]:
    """Every different picture; the pixels are the origin."""
    seen = set()
    with tarfile.open(_ROMAN) as archive:
        for member in archive:
            if not member.isfile() or (file := archive.extractfile(member)) is None:
                continue
            luma = cv2.cvtColor(decode(file.read(), member.name), cv2.COLOR_RGB2GRAY)
            origin = hashlib.sha256(luma.tobytes()).hexdigest()
            if origin not in seen and luma.min() < luma.max():
                seen.add(origin)
                yield origin, luma


def _jpeg(quality: int) -> Callable[[np.ndarray], np.ndarray]:
    def make(luma: np.ndarray) -> np.ndarray:
        data = cv2.imencode(".jpg", luma, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        read = cv2.imdecode(data, cv2.IMREAD_GRAYSCALE)
        assert read is not None
        return read

    return make


def _resized(factor: float) -> Callable[[np.ndarray], np.ndarray]:
    return lambda luma: cv2.resize(luma, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)


def _cropped(share: float) -> Callable[[np.ndarray], np.ndarray]:
    """Crops `share` of the width and of the height, half of it at each side."""

    def make(luma: np.ndarray) -> np.ndarray:
        top, left = (max(1, round(size * share / 2)) for size in luma.shape)
        return luma[top:-top, left:-left]

    return make


def _turned(luma: np.ndarray) -> np.ndarray:
    height, width = luma.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), 2, 1)
    return cv2.warpAffine(luma, turn, (width, height), borderMode=cv2.BORDER_REPLICATE)


def _noisy(luma: np.ndarray) -> np.ndarray:
    noise = np.random.default_rng(0).integers(-8, 9, luma.shape)
    return np.clip(luma + noise, 0, 255).astype(np.uint8)


_TWINS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "JPEG, quality 75": _jpeg(75),
    "JPEG, quality 30": _jpeg(30),
    "0.5 of the size": _resized(0.5),
    "0.7 of the size": _resized(0.7),
    "32x32": lambda luma: cv2.resize(luma, (32, 32), interpolation=cv2.INTER_AREA),
    "brighter by 10": lambda luma: cv2.add(luma, np.full_like(luma, 10)),
    "darker by 10": lambda luma: cv2.subtract(luma, np.full_like(luma, 10)),
    "noise of +-8 levels": _noisy,
    "two levels (Otsu)": lambda luma: cv2.threshold(luma, 0, 255, cv2.THRESH_OTSU)[1],
    "1 % cropped": _cropped(0.01),
    "3 % cropped": _cropped(0.03),
    "6 % cropped": _cropped(0.06),
    "turned by 2 degrees": _turned,
}
