"""A folder's images through a real Label Studio and back, by the commands that a person gives."""

import json
import time

import cv2
import httpx
import numpy as np
import pytest

from tests.cli.called import vidset
from tests.cli.labels import label, make_output, served

SECRET = "0123456789abcdef"  # noqa: S105 (of no use elsewhere)
pytestmark = [pytest.mark.emulator, pytest.mark.slow]


def drawn(control: str) -> dict:
    """A box of 16 x 12 pixels at (8, 12)."""
    return {
        "id": "b1",
        "type": "rectanglelabels",
        "from_name": control,
        "to_name": "image",
        "original_width": 64,
        "original_height": 48,
        "value": {"x": 12.5, "y": 25, "width": 25, "height": 25, "rotation": 0}
        | {"rectanglelabels": ["car"]},
    }


def wait_until(condition, seconds: float = 600) -> None:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert condition()


def test_label_studio_labels_the_images_of_this_machine(tmp_path, label_studio, monkeypatch):
    out = make_output(tmp_path / "out", {"a b.mp4": 4})
    template = tmp_path / "template.yaml"
    template.write_text(f"name: whole way {tmp_path.stat().st_ino}\nlabels: [{{name: car}}]\n")
    for name, value in {
        "LABEL_STUDIO_URL": label_studio.url,
        "LABEL_STUDIO_TOKEN": label_studio.token,
        "LABEL_STUDIO_WEBHOOK_SECRET": SECRET,
        "LABELING_TEMPLATE": str(template),
    }.items():
        monkeypatch.setenv(name, value)
    with served(out, "--reconcile-every", "0", environment={}) as (url, process):
        monkeypatch.setenv("LABELING_IMAGE_ACCESS", f"{url}/images/{{name}}")
        monkeypatch.setenv("LABELING_CALLBACK_URL", f"{url}/receive_annotation")
        connection = label("connect", "-p", out, "--json").found["connection"]
        # The server has made it before, and the webhook to itself.
        assert (connection["is_new"], connection["webhook"]) == (False, "kept")
        assert label("dispatch", "-p", out, "--json").found["dispatched"] == 3

        tasks = label_studio.tasks(connection["project_id"])
        origin = label_studio.url.rstrip("/")
        picture = httpx.get(tasks[1]["data"]["image"], headers={"Origin": origin}, timeout=600)
        assert picture.headers["access-control-allow-origin"] == origin
        decoded = cv2.imdecode(np.frombuffer(picture.content, np.uint8), cv2.IMREAD_COLOR)
        assert decoded is not None
        assert decoded.shape == (48, 64, 3)

        control = controls(label_studio, connection["project_id"])
        label_studio.annotate(tasks[0]["id"], [drawn(control)])
        status = lambda: label("status", "-p", out, "--json").found  # noqa: E731
        wait_until(lambda: status()["annotations"]["labeled"] == 1)  # By the webhook.
        assert status()["labels"] == {"car": 1}
        process.kill()
        process.wait()
        label_studio.annotate(tasks[1]["id"], [], was_cancelled=True)
        label_studio.annotate(tasks[2]["id"], [])
        time.sleep(1.5)  # Label Studio tries once, for a second.

    assert status()["annotations"]["labeled"] == 1
    # Nothing drawn is no answer unless the template says so: a person looks at it.
    changes = label("reconcile", "-p", out, "--json").found["changes"]
    assert changes == {"stored": 1, "quarantined": 1}
    assert status()["annotations"] == {"labeled": 1, "skipped": 1, "rejected": 0}
    assert status()["tasks"]["completed"] == 2
    refused = vidset(
        "export", "-f", "coco", "-o", tmp_path / "coco.json", "--labels-only", "-p", out
    )
    assert "COCO cannot say skipped images" in refused.refusal
    written = vidset(
        "export",
        "-f",
        "coco",
        "-o",
        tmp_path / "coco.json",
        "--labels-only",
        "-p",
        out,
        "--lossy",
        "--json",
    ).found
    assert written["dropped"] == {"skipped images": 1}
    [box] = json.loads((tmp_path / "coco.json").read_text())["annotations"]
    assert box["bbox"] == pytest.approx([8, 12, 16, 12])


def controls(label_studio, project_id: int) -> str:
    """The name of the control that draws boxes."""
    parsed = label_studio.call("GET", f"/api/projects/{project_id}/")["parsed_label_config"]
    return next(name for name, one in parsed.items() if one["type"] == "RectangleLabels")
