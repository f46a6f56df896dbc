"""The loop with a real Label Studio: half of the webhooks are lost, and nothing else."""

# pyright: reportAttributeAccessIssue=false, reportOptionalMemberAccess=false, reportArgumentType=false
import json
import os

import httpx
import pytest

from tests.emulators.servers import free_port
from tests.labeling.functions import function
from tests.labeling.vendors.label_studio.streets import rectangle
from vidset.labeling.annotation import Annotation, Box
from vidset.labeling.broker import open_broker
from vidset.labeling.dispatching import dispatch, dispatch_new
from vidset.labeling.reconciling import reconcile
from vidset.labeling.settings import Settings
from vidset.labeling.stores.store import Query
from vidset.labeling.task import Image

pytestmark = [pytest.mark.emulator, pytest.mark.slow]

SECRET = "the-webhooks-own-secret"  # noqa: S105


@pytest.fixture
def settings(label_studio, tmp_path):
    """By the variables that the functions read too."""
    title = f"loop {os.urandom(4).hex()}"
    (tmp_path / "template.yaml").write_text(
        f"name: {title}\nlabels: [{{name: car}}, {{name: lane, type: polygon}}]\n"
    )
    return {
        "LABELING_VENDOR": "label-studio",
        "LABELING_STORE": f"sqlite:{tmp_path}/labels.sqlite",
        "LABELING_IMAGES": "gs://images",
        "LABELING_IMAGE_ACCESS": "uri",
        "LABELING_TEMPLATE": str(tmp_path / "template.yaml"),
        "LABELING_ANSWER_DEADLINE_HOURS": "0",
        "LABEL_STUDIO_URL": label_studio.url,
        "LABEL_STUDIO_TOKEN": label_studio.token,
        "LABEL_STUDIO_WEBHOOK_SECRET": SECRET,
    }


def drawn(number: int) -> list[dict]:
    """A car whose place tells which image it was drawn in."""
    return [car(number / 4)]


def car(x: float) -> dict:
    return rectangle(x=x, y=10, width=20, height=10, rectanglelabels=["car"])


def images(number: int) -> list[Image]:
    return [
        Image(f"{each:032x}", f"gs://images/drive/1/{each:010d}.jpg", 640, 480)
        for each in range(1, number + 1)
    ]


@pytest.mark.parametrize("number_of", [40, pytest.param(200, marks=pytest.mark.chaos)])
def test_every_answer_arrives_though_half_of_the_webhooks_are_lost(
    label_studio, settings, tmp_path, number_of
):
    given, last, half = images(number_of), number_of, number_of // 2
    port = free_port()
    settings["LABELING_CALLBACK_URL"] = f"http://127.0.0.1:{port}"
    broker = open_broker(Settings.from_environment(settings, "dispatch"))
    assert dispatch_new(broker, given) == {"dispatched": last}
    assert [dispatch(broker, image) for image in given[:5]] == ["repeated"] * 5
    project = broker.vendor.connect().project_id
    tasks = {task["data"]["image_id"]: task for task in label_studio.tasks(project)}
    assert len(label_studio.tasks(project)) == last

    def annotate(number: int) -> int:
        return label_studio.annotate(tasks[f"{number:032x}"]["id"], drawn(number))

    for number in range(1, half + 1):  # Nobody listens: Label Studio does not try again.
        annotate(number)
    with function("receive_annotation", settings, tmp_path, port=port):
        for number in range(half + 1, last - 1):
            annotate(number)
        label_studio.annotate(tasks[f"{last - 1:032x}"]["id"], [], was_cancelled=True)
        label_studio.annotate(tasks[f"{last:032x}"]["id"], [car(95)])  # It leaves the image.
        forged = json.dumps({"action": "ANNOTATION_CREATED"}).encode()
        assert (
            httpx.post(settings["LABELING_CALLBACK_URL"], content=forged, timeout=600).status_code
            == 401
        )
        annotations = broker.store.count(Query("annotations"))
        assert half // 2 <= annotations < half  # One has a second, and may be lost for real.
    assert broker.store.count(Query("quarantine")) == 1

    report = reconcile(broker)
    assert report["incomplete"] == []
    assert report["tasks"]["completed"] == last - 1
    for image in given[: last - 2]:
        [stored] = broker.store.get(("annotations", image.id))
        annotation = Annotation.from_document(stored.document)
        number = int(image.id, 16)
        [item] = annotation.objects
        assert item.box == Box(pytest.approx(number * 1.6), 48.0, 128.0, 48.0)
        assert annotation.revision == 1
    [skipped] = broker.store.get(("annotations", f"{last - 1:032x}"))
    assert skipped.document["state"] == "skipped"

    label_studio.annotate(tasks[f"{last:032x}"]["id"], drawn(last))  # Corrected, and lost again.
    assert reconcile(broker)["tasks"]["completed"] == last
    assert reconcile(broker)["changes"] == {}  # And from then on nothing changes any more.
    assert len(label_studio.tasks(project)) == last
    broker.store.close()
