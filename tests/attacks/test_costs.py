"""What a hostile file may cost: each runs in a process of its own, whose memory is measured."""

import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.attacks import pictures
from tests.datasets.rows import encoded, scene

pytestmark = [pytest.mark.attack, pytest.mark.slow]
MOST_BYTES, MOST_SECONDS = 1_000_000_000, 30


def folders(data: Callable[[], bytes], name: str):
    def make(root: Path) -> list[str]:
        (root / "images" / "a").mkdir(parents=True)
        (root / "images" / "a" / "good.png").write_bytes(encoded(scene(0)))
        (root / "images" / "a" / name).write_bytes(data())
        return ["dataset", "create", str(root / "images"), "--shares", "train=1"]

    return make


def coco(root: Path) -> list[str]:
    """Every annotation has the id of the first."""
    images = [
        {"id": number, "file_name": f"{number}.png", "width": 9, "height": 9}
        for number in range(20_000)
    ]
    annotation = {"id": 1, "image_id": 1, "category_id": 1, "bbox": [0, 0, 1, 1]}
    found = {
        "images": images,
        "annotations": [annotation] * 20_000,
        "categories": [{"id": 1, "name": "a"}],
    }
    (root / "labels.json").write_text(json.dumps(found))
    return ["dataset", "create", str(root / "labels.json"), "--format", "coco"]


def yaml(root: Path) -> list[str]:
    """Nine lines that stand for a thousand million words."""
    lines = ["a: &a [x, x, x, x, x, x, x, x, x, x]"]
    for before, name in zip("abcdefgh", "bcdefghi", strict=True):
        lines.append(f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]")
    (root / "yolo" / "images").mkdir(parents=True)
    (root / "yolo" / "data.yaml").write_text("\n".join([*lines, "names: *i"]))
    return ["dataset", "create", str(root / "yolo"), "--format", "yolo"]


def largest(channels: int) -> bytes:
    """A whole picture just below the limit."""
    return cv2.imencode(".png", np.zeros((9_990, 9_990, channels), np.uint8))[1].tobytes()


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(folders(lambda: pictures.png(32_768, 32_767), "big.png"), id="PNG"),
        pytest.param(folders(lambda: pictures.jpeg(65_000, 65_000), "big.jpg"), id="JPEG"),
        pytest.param(folders(lambda: pictures.webp(16_384, 16_384), "big.webp"), id="WebP"),
        pytest.param(folders(lambda: pictures.bmp(40_000, 40_000), "big.bmp"), id="BMP"),
        # A whole picture costs ten seconds of the processor to make and to read.
        pytest.param(
            folders(lambda: largest(4), "big.png"),
            id="RGBA at the limit",
            marks=pytest.mark.every_attack,
        ),
        pytest.param(
            folders(lambda: largest(3), "big.png"),
            id="RGB at the limit",
            marks=pytest.mark.every_attack,
        ),
        pytest.param(coco, id="equal ids in COCO", marks=pytest.mark.every_attack),
        pytest.param(yaml, id="aliases in YAML"),
    ],
)
def test_a_hostile_file_costs_little(make, tmp_path):
    (tmp_path / "vidset.toml").write_text("")
    words = make(tmp_path)
    program = (
        "import resource, sys\n"
        "from vidset.cli.main import run\n"
        "try:\n"
        "    run()\n"
        "finally:\n"
        "    used = resource.getrusage(resource.RUSAGE_SELF)\n"
        # Not ru_maxrss, which counts the process that this one was started from.
        "    status = dict(line.split(':', 1) for line in open('/proc/self/status'))\n"
        "    memory = int(status['VmHWM'].split()[0]) * 1024\n"
        "    print('used', memory, used.ru_utime + used.ru_stime, file=sys.stderr)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program, *words, "-p", str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=600,
        env=os.environ,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (0, 0)),
    )
    assert "Traceback" not in ended.stderr, ended.stderr
    assert "No such option" not in ended.stderr
    memory, seconds = map(float, ended.stderr.rsplit("used ", 1)[1].split())
    assert memory <= MOST_BYTES
    assert seconds <= MOST_SECONDS  # Of the processor, whatever else the machine does.
