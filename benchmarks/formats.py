"""`vidset export`: images a second of each format, beside a plain copy of the files."""

import shutil
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from time import perf_counter, process_time

import cv2
import numpy as np

from vidset.formats.export import export_files
from vidset.formats.registry import formats
from vidset.labeling.annotation import Annotation, Box, LabeledObject
from vidset.labeling.stores.sqlite import SqliteStore
from vidset.labeling.stores.store import Write
from vidset.place import Place

_IMAGES, _OBJECTS, _REPEATS = 2000, 5, 5
_WIDTH, _HEIGHT = 480, 270
_TIME = datetime(2026, 1, 1, tzinfo=UTC)


def run(videos: list[Path]) -> None:  # noqa: ARG001  It draws its own images.
    with tempfile.TemporaryDirectory() as folder:
        out, target = Path(folder, "out"), Path(folder, "target")
        size = make_labeled(out)
        print(f"\n{_IMAGES} images of {size / _IMAGES / 1000:.0f} kB, {_OBJECTS} objects each\n")
        print("| export | images/s | of a plain copy's | CPU ms an image | of a plain copy |")
        print("|---|---|---|---|---|")
        place = Place.of(str(out))
        for name in (*formats(), "coco --link"):
            named, _, link = name.partition(" ")
            # YOLO has no attributes.
            options = {"lossy": True, "link": bool(link)}
            ours, plain = _beside(
                partial(export_files, named, place, str(target), **options),
                partial(_copy, out / "images", target),
                target,
            )
            speeds = f"{_IMAGES / ours[0]:,.0f} | {plain[0] / ours[0]:.2f}"
            each = " | ".join(f"{cpu / _IMAGES * 1000:.2f}" for _, cpu in (ours, plain))
            print(f"| {name} | {speeds} | {each} |", flush=True)


def make_labeled(out: Path, images: int = _IMAGES) -> int:
    """An extraction's images with their annotations; the bytes of the images."""
    random = np.random.default_rng(0)
    (out / "videos").mkdir(parents=True)
    store = SqliteStore(out / "labels.sqlite")
    size, writes = 0, []
    for number in range(images):
        path = out / "images" / f"{number // 100:03}" / "0" / f"{number:010}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        small = random.integers(0, 256, (_HEIGHT // 6, _WIDTH // 6, 3), np.uint8)
        data = cv2.imencode(".jpg", cv2.resize(small, (_WIDTH, _HEIGHT)))[1].tobytes()
        path.write_bytes(data)
        size += len(data)
        objects = tuple(
            LabeledObject(
                id=str(n),
                label="car" if n % 2 else "person",
                type="box",
                box=Box(*random.uniform(0, _HEIGHT / 2, 4).tolist()),
                attributes={"occluded": "no"},
            )
            for n in range(_OBJECTS)
        )
        annotation = Annotation(
            image_id=f"{number:032x}",
            image_uri=str(path),
            image_width=_WIDTH,
            image_height=_HEIGHT,
            objects=objects,
            vendor="truth",
            vendor_task_id=None,
            annotator="ann",
            state="labeled",
            revision=1,
            updated_at=_TIME,
            written_at=_TIME,
        )
        writes.append(Write("annotations", annotation.image_id, annotation.to_document()))
    for start in range(0, len(writes), 400):
        store.commit(writes[start : start + 400])
    store.close()
    return size


def _copy(source: Path, target: Path) -> None:
    for path in source.rglob("*.jpg"):
        copied = target / path.relative_to(source)
        copied.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copied)


def _beside(
    work: Callable[[], object], other: Callable[[], object], target: Path
) -> tuple[tuple[float, float], tuple[float, float]]:
    """The least seconds and CPU seconds of both, in turns: machines change speed."""
    times: tuple[list[tuple[float, float]], ...] = ([], [])
    for _ in range(_REPEATS):
        for each, found in zip((work, other), times, strict=True):
            before, cpu = perf_counter(), process_time()
            each()
            found.append((perf_counter() - before, process_time() - cpu))
            shutil.rmtree(target)
    ours, plain = ((min(wall), min(cpu)) for wall, cpu in (zip(*each) for each in times))  # noqa: B905
    return ours, plain
