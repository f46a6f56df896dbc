"""Command x kind of hostile file: which files of others each command reads, and how it is called.

A command that is not here fails a test: whoever adds one says what it reads.
"""

import os
import shlex
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.attacks.checkpoints import CHECKPOINTS
from tests.attacks.labels import COCO, LABEL_STUDIO, LABELME, YOLO
from tests.attacks.pictures import PICTURES
from tests.attacks.places import SLOTS, place_with
from tests.attacks.samples import IMAGES_IN_PARQUET, TFRECORD, WEBDATASET
from tests.attacks.special import SPECIAL, Attack
from tests.attacks.tables import PARQUET, SQLITE
from tests.attacks.texts import JSON, TOML, YAML
from tests.attacks.videos import VIDEOS

_BY_SUFFIX: Mapping[str, Mapping[str, Attack]] = {
    ".parquet": PARQUET,
    ".sqlite": SQLITE,
    ".json": JSON,
    ".jsonl": JSON,
    ".toml": TOML,
    ".pt": CHECKPOINTS,
    ".jpg": PICTURES,
}
# What a file that is given may be, and what it is called.
GIVEN: Mapping[str, tuple[Mapping[str, Attack], str]] = {
    "video": (VIDEOS, "given.mp4"),
    "pictures": (PICTURES, "given/images/x/bad.png"),
    "coco": (COCO, "given.json"),
    "labelme": (LABELME, "given/a.json"),
    "label-studio": (LABEL_STUDIO, "given.json"),
    "yolo": (YOLO, "given/data.yaml"),
    "tfrecord": (TFRECORD, "given/a.tfrecord"),
    "webdataset": (WEBDATASET, "given/a.tar"),
    "images in Parquet": (IMAGES_IN_PARQUET, "given/a.parquet"),
    "recipe": (YAML, "given.yaml"),
    "loop": (YAML, "given.yaml"),
    "template": (YAML, "given.yaml"),
    "categories": (YAML, "given.yaml"),
    "fixes": (JSON, "given.json"),
    "decisions": (JSON, "given.json"),
    "backup": (SQLITE, "given.sqlite"),
    "selection": (PARQUET, "given.parquet"),
    "remote's manifest": (PARQUET, "remote/versions/*/manifest.parquet"),
    "remote's version": (JSON, "remote/versions/*/version.json"),
    "remote's name": (JSON, "remote/names/v0"),
    "remote's schema": (JSON, "remote/schema.json"),
    "remote's image": (PICTURES, "remote/images/*/*"),
}


@dataclass(frozen=True)
class Row:
    """A command that reads files of others.

    Attributes:
        words: of the call, without the place.
        slots: the files of the place that it reads; see `SLOTS`.
        given: what is read beside the place, and the words of the call then; GIVEN stands for it.
        place: how the place is told; "" where the command takes none.
    """

    words: str = ""
    slots: tuple[str, ...] = ()
    given: Mapping[str, str] | None = None
    place: str = "-p ."


_LEDGERS = ("settings", "format", "frames", "videos")
_LABELS = ("settings", "store", "frames", "word")
_VERSION = ("manifest", "version", "name")
_SYNCED = ("settings", "frames", "videos", "store", "warehouse", "gathered")
_RUN = ("run", "predictions", *_VERSION)

ROWS: Mapping[str, Row] = {
    "init": Row("init .", ("settings",), place=""),
    "status": Row("status", (*_LEDGERS, "store", "version", "name", "run")),
    # What it reads at its start; it is ended once it answers. An export reads the rest as well.
    "view": Row(
        "view --port 0 --json --no-browser",
        ("frames", "videos", "store", "settings", "manifest", "version", "name"),
        dict.fromkeys(("analysis", "image", "run", "predictions"), "view --export page"),
    ),
    "backup": Row("backup copy.sqlite", ("store", "settings")),
    "restore": Row("", given={"backup": "restore GIVEN --overwrite"}),
    "upgrade": Row("upgrade .", ("format", "frames", "store", "version"), place=""),
    "demo": Row("", given={"video": "demo GIVEN -o drawn"}, place=""),
    "extract": Row("", given={"video": "extract GIVEN --workers 1 --video-timeout 8"}),
    "watch": Row(
        "",
        given={
            "video": "watch GIVEN/.. --video-timeout 8 --until-idle 9 --max-tries 2 --workers 1"
        },
    ),
    "upload": Row("", given={"video": "upload GIVEN --to ./away --collector c"}, place=""),
    "plan": Row("plan", _LEDGERS),
    "rights": Row("rights a.mp4 --rights license=MIT --yes", ("settings", "videos")),
    "forget": Row("forget a.mp4 --dry-run", (*_LEDGERS, "store", *_VERSION)),
    # A detector's model is a file of the user's own: tests/privacy.
    "blur": Row("blur --blur faces:none.onnx"),
    "duplicates": Row("duplicates --workers 1", (*_LEDGERS, "image")),
    "export": Row("export -f coco -o away", (*_LABELS, "image")),
    "sync": Row("sync", (*_SYNCED, *_RUN)),
    "sql": Row("sql 'SELECT count(*) FROM frames'", ("frames", "store", "warehouse", "gathered")),
    "trace": Row("trace v0", (*_VERSION, "run")),
    "train": Row("train v0 --epochs 1", (*_VERSION, "version's image")),
    "evaluate": Row(
        "evaluate r1",
        ("run", *_VERSION),
        {
            "checkpoint": "evaluate r1 --on v0 --allow-leaks",
            **dict.fromkeys(("predictions", "version's image"), "evaluate r1 --draw drawn"),
        },
    ),
    "compare": Row("compare r1 vs r1 --allow-few", _RUN),
    "errors": Row(
        "errors r1 --overwrite",
        (*_RUN, "measures", "version's image"),
        {"categories": "errors r1 --categories GIVEN"},
    ),
    "review": Row("review", ("analysis",), {"decisions": "review GIVEN"}),
    "loop": Row("", given={"loop": "loop GIVEN --dry-run"}),
    "predict": Row(
        "predict r1 --workers 1 --all --prelabel-evaluation",
        (*_LEDGERS, "run", "predictions", "checkpoint"),
        {
            "template": "predict r1 --template GIVEN",
            **dict.fromkeys(
                ("store", "image"),
                "predict r1 --workers 1 --all --prelabel-evaluation --draw drawn",
            ),
        },
    ),
    "select": Row(
        "select --budget 3 --embedder none",
        (*_LEDGERS, "store", "analysis", "manifest", "version", "measures"),
        {"selection": "label dispatch --selection GIVEN --dry-run"},
    ),
    "pipeline": Row("pipeline -o loop.yaml --image x@sha256:0", place=""),
    "help": Row("help", place=""),
    "completion": Row("completion bash", place=""),
    "label connect": Row(
        "label connect",
        ("settings", "store", "word"),
        {"template": "label connect --template GIVEN"},
    ),
    "label dispatch": Row(
        "label dispatch --dry-run", _LABELS, {"template": "label dispatch --template GIVEN"}
    ),
    "label status": Row("label status", _LABELS),
    "label serve": Row("", given={"template": "label serve --template GIVEN --port 0"}),
    "label reconcile": Row("label reconcile", _LABELS),
    "label quarantine": Row("label quarantine", ("store",)),
    "label import": Row(
        "",
        given={
            "coco": "label import GIVEN -f coco --yes",
            "labelme": "label import GIVEN/.. -f labelme --yes",
            "label-studio": "label import GIVEN -f label-studio --yes",
            "yolo": "label import GIVEN/.. -f yolo --yes",
            "tfrecord": "label import GIVEN -f tfrecord --yes",
            "webdataset": "label import GIVEN -f webdataset --yes",
            "images in Parquet": "label import GIVEN -f parquet --yes",
        },
    ),
    "dataset create": Row(
        "dataset create -n v1",
        ("frames", "store", "image", "schema", "warehouse"),
        {
            "pictures": "dataset create GIVEN/../.. --shares train=1",
            "coco": "dataset create GIVEN -f coco --shares train=1",
            "labelme": "dataset create GIVEN/.. -f labelme --shares train=1",
            "label-studio": "dataset create GIVEN -f label-studio --shares train=1",
            "yolo": "dataset create GIVEN/.. -f yolo --shares train=1",
            "tfrecord": "dataset create GIVEN -f tfrecord --shares train=1",
            "webdataset": "dataset create GIVEN/.. -f webdataset --shares train=1",
            "images in Parquet": "dataset create GIVEN/.. -f parquet --shares train=1",
        },
    ),
    "dataset list": Row("dataset list", ("manifest", "version", "name")),
    "dataset show": Row("dataset show v0", _VERSION),
    "dataset diff": Row("dataset diff v0 v0", _VERSION),
    "dataset name": Row("dataset name v2 v0", _VERSION),
    "dataset check": Row("dataset check v0", (*_VERSION, "measures", "schema")),
    "dataset statistics": Row("dataset statistics v0", (*_VERSION, "measures")),
    "dataset scores": Row("dataset scores", ("run", "predictions", "name")),
    "dataset verify": Row("dataset verify v0", (*_VERSION, "measures", "version's image")),
    "dataset apply": Row("", given={"recipe": "dataset apply v0 GIVEN -n v3"}),
    "dataset fix": Row("", given={"fixes": "dataset fix v0 GIVEN -n v3"}),
    "dataset push": Row("dataset push --to away", (*_VERSION, "measures", "version's image")),
    "dataset pull": Row(
        "",
        given={
            "remote's manifest": "dataset pull --from remote -p here",
            "remote's version": "dataset pull --from remote -p here",
            "remote's name": "dataset pull --from remote -p here",
            "remote's schema": "dataset pull --from remote -p here",
            "remote's image": "dataset pull --from remote -p here",
        },
        place="",
    ),
}


@dataclass(frozen=True)
class Case:
    """One command, with one hostile file."""

    command: str
    what: str
    attack: str

    def __str__(self) -> str:
        return f"{self.command}, {self.what}, {self.attack}"

    def make(self, folder: Path) -> list[str]:
        """Make the place with its hostile file in a folder; the words of the call in it."""
        row = ROWS[self.command]
        words, make = row.words, _attacks(self.what)[self.attack]
        if self.what in SLOTS:
            words = (row.given or {}).get(self.what, words)
            path = place_with(self.what, folder)
        else:
            place_with(None, folder)
            name = GIVEN[self.what][1]
            if name.startswith("remote"):
                shutil.copytree(folder / "datasets", folder / "remote")
                (folder / "here").mkdir()
                path = sorted(folder.glob(name))[0]
                path.unlink()
            else:
                path = folder / "given" / name
                path.parent.mkdir(parents=True)
            words = (row.given or {})[self.what].replace("GIVEN", str(path))
        assert path is not None
        make(path)
        return [*_split(words), *row.place.split()]


def cases() -> Iterator[Case]:
    """Every command with every hostile file of the kinds that it reads."""
    for command, row in ROWS.items():
        for what in (*row.slots, *(row.given or ())):
            for attack in _attacks(what):
                yield Case(command, what, attack)


def few_cases() -> list[Case]:
    """One for each file that a command reads first, attacks of one kind in turn: for `make test`.

    Commands read the same file by the same code: all others are left to `make attack`.
    """
    done: dict[str, Case] = {}
    tried: Counter[int] = Counter()
    for command, row in ROWS.items():
        for what in [*row.slots, *(row.given or ())][:1]:
            if what in done:
                continue
            attacks = _attacks(what)
            done[what] = Case(command, what, [*attacks][tried[id(attacks)] % len(attacks)])
            tried[id(attacks)] += 1
    return [*done.values()]


def _attacks(what: str) -> Mapping[str, Attack]:
    if what in GIVEN:
        return GIVEN[what][0]
    if what == "name":
        return SPECIAL
    name = SLOTS[what]
    return PICTURES if name.endswith("*/*") else _BY_SUFFIX[Path(name).suffix]


def _split(words: str) -> list[str]:
    """Words of a shell; a file's folder is FILE/.. in them, which no system knows."""
    return [os.path.normpath(word) if "/.." in word else word for word in shlex.split(words)]
