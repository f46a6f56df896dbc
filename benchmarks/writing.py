"""Writing text: label files beside a bare loop, and `sql --csv` beside DuckDB's COPY.

The bare loop reads the store's documents and writes the same bytes, with everything in memory and
nothing checked.
"""

import json
import os
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, redirect_stdout
from itertools import count
from pathlib import Path
from time import process_time
from typing import Any

import duckdb

from benchmarks.formats import make_labeled
from vidset.cli.export.sql_csv import CSV_AT_ONCE, print_csv
from vidset.formats.export import open_labels
from vidset.formats.label_export import export_labels
from vidset.place import Place

_DOCUMENTS, _ROWS, _REPEATS = 10_000, 200_000, 5
_CATEGORIES = {"car": 1, "person": 2}
# Like `frames`: texts of several lengths, most of them repeated, numbers, times and truths.
_QUESTION = f"""
    SELECT
        'gs://uploads/car-' || i % 40 || '/drive-' || i // 600 || '.mp4' AS video_uri,
        md5((i // 600)::VARCHAR) AS generation, 'car-' || i % 40 AS collector_id,
        md5(i::VARCHAR) AS image_id, 'gs://images/' || md5(i::VARCHAR) || '.jpg' AS image_uri,
        i % 600 AS sample, (i % 600)::DOUBLE AS pts_seconds, i % 7 = 0 AS is_kept,
        CASE WHEN i % 7 = 0 THEN 'kept' ELSE 'near_duplicate' END AS reason,
        sin(i) AS similarity, cos(i) AS local_change, 255 * abs(sin(i * 3)) AS brightness,
        900 * abs(cos(i * 5)) AS sharpness, 1280 AS width, 720 AS height, 'h264' AS codec,
        hash(i) AS phash, NULL::VARCHAR AS error,
        TIMESTAMPTZ '2026-01-01 00:00:00+00' + INTERVAL (i) SECOND AS captured_at,
        TIMESTAMPTZ '2026-01-02 00:00:00+00' + INTERVAL (i // 600) SECOND AS written_at,
        '0.2.0' AS vidset_version
    FROM range({_ROWS}) AS made(i)
"""  # noqa: S608


def run(videos: list[Path]) -> None:  # noqa: ARG001  It makes its own documents and rows.
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "place")
        make_labeled(out, _DOCUMENTS)
        print("\n| | CPU s, the least of five | of its peer's |\n|---|---|---|")
        for name, bare in ("coco", _write_coco), ("label-studio", _write_label_studio):
            ours, peers = Path(folder, "ours.json"), Path(folder, "peers.json")
            seconds, peer = _beside(
                lambda name=name, path=ours: _export(name, out, path),
                lambda bare=bare, path=peers: bare(out / "labels.sqlite", path),
            )
            if ours.read_bytes() != peers.read_bytes():
                raise RuntimeError(f"{name}: the bare loop's bytes are others")
            _print(
                f"{_DOCUMENTS:,} documents as {name}, beside a bare loop (aim: 2)", seconds, peer
            )
        _csv(Path(folder))


def _print(what: str, seconds: float, peer: float) -> None:
    print(f"| {what} | {seconds:.2f} | {seconds / peer:.2f} |", flush=True)


def _export(name: str, out: Path, path: Path) -> None:
    place = Place.of(str(out))
    store, order = open_labels(place)
    with closing(store):
        export_labels(store, place, name, str(path), order)


def _documents(store: Path) -> Iterator[dict[str, Any]]:
    with closing(sqlite3.connect(store)) as connection:
        for (text,) in connection.execute("SELECT document FROM annotations ORDER BY id"):
            yield json.loads(text)


def _origin(document: dict[str, Any]) -> dict[str, Any]:
    names = ("annotator", "image_id", "updated_at", "revision")
    return {name: document[name] for name in names}


def _name(document: dict[str, Any]) -> str:
    return document["image_uri"].partition("/images/")[2]


def _write_coco(store: Path, path: Path) -> None:
    images, annotations, ids = [], [], count(1)
    for image_id, document in enumerate(_documents(store), 1):
        size = {"width": document["image_width"], "height": document["image_height"]}
        image = {"id": image_id, "file_name": _name(document), **size, **_origin(document)}
        images.append(json.dumps(image))
        for each in document["objects"]:
            box = [each["box"][name] for name in ("x", "y", "width", "height")]
            annotation = {
                "id": next(ids),
                "image_id": image_id,
                "category_id": _CATEGORIES[each["label"]],
                "bbox": box,
                "segmentation": [],
                "area": box[2] * box[3],
                "iscrowd": 0,
                "object_id": each["id"],
                "attributes": each["attributes"],
            }
            annotations.append(json.dumps(annotation))
    categories = [{"id": n, "name": name, "supercategory": ""} for name, n in _CATEGORIES.items()]
    info = {"description": "Exported by vidset", "version": "1.0"}
    head = json.dumps({"info": info, "licenses": [], "categories": categories})
    with path.open("w", encoding="utf-8") as file:
        file.write(f'{head[:-1]}, "images": [\n' + ",\n".join(images))
        file.write('\n], "annotations": [\n' + ",\n".join(annotations) + "\n]}\n")


def _write_label_studio(store: Path, path: Path) -> None:
    tasks = []
    for number, document in enumerate(_documents(store), 1):
        size = {"width": document["image_width"], "height": document["image_height"]}
        result: list[dict[str, Any]] = []
        for each in document["objects"]:
            box = each["box"]
            shape = {
                "x": box["x"] * 100 / size["width"],
                "y": box["y"] * 100 / size["height"],
                "width": box["width"] * 100 / size["width"],
                "height": box["height"] * 100 / size["height"],
                "rotation": 0.0,
            }
            said = [("box", "rectanglelabels", [each["label"]])]
            said += [(name, "choices", [value]) for name, value in each["attributes"].items()]
            result += [
                {
                    "id": each["id"],
                    "from_name": name,
                    "to_name": "image",
                    "type": kind,
                    "original_width": size["width"],
                    "original_height": size["height"],
                    "image_rotation": 0,
                    "value": {**shape, kind: value},
                }
                for name, kind, value in said
            ]
        annotation = {
            "id": number,
            "was_cancelled": False,
            "ground_truth": False,
            "result": result,
            "image_width": size["width"],
            "image_height": size["height"],
            **_origin(document),
        }
        task = {"id": number, "data": {"image": _name(document)}, "annotations": [annotation]}
        tasks.append(json.dumps({**task, "predictions": []}))
    with path.open("w", encoding="utf-8") as file:
        file.write("[\n" + ",\n".join(tasks) + "\n]\n")


def _csv(folder: Path) -> None:
    with closing(duckdb.connect(config={"threads": 1})) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"CREATE TABLE rows AS {_QUESTION}")
        peers = folder / "peers.csv"

        def ours() -> None:
            rows = connection.execute("FROM rows").to_arrow_reader(CSV_AT_ONCE)
            with open(os.devnull, "w", encoding="utf-8") as out, redirect_stdout(out):
                print_csv(rows)

        seconds, peer = _beside(ours, lambda: connection.execute(f"COPY rows TO '{peers}'"))
        _print(f"`sql --csv` of {_ROWS:,} rows, beside COPY (aim: 1.5)", seconds, peer)


def _beside(ours: Callable[[], Any], peers: Callable[[], Any]) -> tuple[float, float]:
    """Return the CPU seconds of both, taken in turns: the least of each."""
    taken = [(_seconds(ours), _seconds(peers)) for _ in range(_REPEATS)]
    return min(each for each, _ in taken), min(each for _, each in taken)


def _seconds(work: Callable[[], Any]) -> float:
    began = process_time()
    work()
    return process_time() - began
