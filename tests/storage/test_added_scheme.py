"""A scheme that another package adds serves every room, with no change to this one."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.called import vidset
from tests.drawing import write_video
from tests.labeling.brokers import settings
from vidset.labeling.places import open_image_access
from vidset.storage.open import open_store
from vidset.storage.registry import check_client, scheme_names

_PACKAGE = Path(__file__).parent / "toy" / "toy_storage.py"


@pytest.fixture
def toy(tmp_path, monkeypatch) -> Iterator[Path]:
    """The folder behind toy://, whose package is installed for this test."""
    site, root = tmp_path / "site", tmp_path / "toy"
    metadata = site / "toy_storage-1.0.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: toy-storage\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[vidset.stores]\ntoy = toy_storage:TOY\n")
    (site / "toy_storage.py").write_text(_PACKAGE.read_text())
    for bucket in "uploads", "out", "sets":
        (root / bucket).mkdir(parents=True)
    monkeypatch.syspath_prepend(site)
    monkeypatch.setenv("PYTHONPATH", str(site))
    monkeypatch.setenv("TOY_ROOT", str(root))
    yield root
    sys.modules.pop("toy_storage", None)


def found(*arguments: object) -> Any:
    """What a command says with --json; its worker processes have the package as well."""
    called = vidset(*arguments, "--json")
    assert called.code == 0, called.err
    return called.found


def test_an_added_scheme_is_named_among_the_others(toy):
    assert scheme_names() == ("gs", "s3", "toy")
    with pytest.raises(ValueError, match=r"wanted a folder, gs://..., s3://... or toy://..., got"):
        open_store("tot://uploads")


def test_videos_are_uploaded_extracted_and_labeled_in_an_added_scheme(toy, tmp_path):
    write_video(tmp_path / "drive.mp4", scenes=[0, 1, 2])
    state = tmp_path / "state"
    sent = found(
        *("upload", "--to", "toy://uploads/fleet", "--collector", "cam1"),
        *("--state", state, tmp_path / "drive.mp4"),
    )
    (uri,) = (file["uri"] for file in sent["files"])
    assert uri.startswith("toy://uploads/fleet/cam1/")
    done = found("extract", "toy://uploads", "-o", "toy://out/day1")
    assert (done["videos"], done["kept"], done["failed"]) == (1, 3, 0)
    images = [item.name for item in open_store("toy://out/day1/images").list()]
    assert len(images) == 3
    assert all(name.startswith("fleet/cam1/") for name in images)
    image = f"toy://out/day1/images/{images[0]}"
    signed = open_image_access(settings(LABELING_IMAGES="toy://out/day1/images"))
    assert signed.url(image) == f"https://toy.test/out/day1/images/{images[0]}?for=86400"
    assert min(signed.size(image)) > 0
    assert found("plan", "toy://out/day1")


def test_dataset_versions_are_pushed_and_pulled_in_an_added_scheme(toy, tmp_path):
    here, there = tmp_path / "here", tmp_path / "there"
    for number, side in enumerate(("train", "train", "validation")):
        write_picture(tmp_path / "pictures" / side / "a" / f"{number}.png", number)
    made = found(
        *("dataset", "create", tmp_path / "pictures", "--name", "v1"),
        *("-p", here, "--near-distance", "off"),
    )
    place = "toy://sets/a"
    pushed = found("dataset", "push", "v1", "--to", place, "-p", here)
    pulled = found("dataset", "pull", "v1", "--from", place, "-p", there)
    assert pushed["versions"] == pulled["versions"] == [made["version"]]
    assert pushed["images"] == pulled["images"] == 3


def write_picture(path: Path, number: int) -> None:
    import cv2
    import numpy as np

    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(number).integers(0, 256, (16, 16, 3), np.uint8)
    cv2.imwrite(str(path), noise)


def test_an_added_scheme_says_which_package_it_needs(toy):
    text = _PACKAGE.read_text().replace('Client("toy_storage"', 'Client("toy_client"')
    (toy.parent / "site" / "toy_storage.py").write_text(text)
    with pytest.raises(
        ValueError, match=r'toy://uploads needs pip install "toy-storage": there is no toy_client'
    ):
        check_client("toy://uploads")


def test_an_entry_point_that_names_no_scheme_is_told(toy):
    (toy.parent / "site" / "toy_storage.py").write_text("TOY = 'no scheme'\n")
    with pytest.raises(ValueError, match=r"toy = toy_storage:TOY: wanted a .*Scheme, got a str"):
        open_store("toy://uploads")
