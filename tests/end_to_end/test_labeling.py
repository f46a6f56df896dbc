"""From a video to annotations: extraction, notifications, push, both functions, Firestore."""

import json
from fractions import Fraction

import pytest

from tests.drawing import write_video
from tests.emulators.servers import free_port
from tests.end_to_end.jobs import wait_for
from tests.labeling.functions import function
from vidset.elements import Upload
from vidset.extraction import extract
from vidset.labeling.stores.store import Query
from vidset.settings import ExtractionSettings
from vidset.video.sampling import Sampling

pytestmark = [pytest.mark.emulator, pytest.mark.slow]

SECRET = "a-secret-for-the-truth"  # noqa: S105
TEMPLATE = "name: scenes\nlabels: [{name: car}, {name: night, type: classification}]\n"


def test_each_image_of_a_video_is_labeled_once(gcs_with_events, firestore, tmp_path):
    from vidset.labeling.stores.firestore import FirestoreStore
    from vidset.storage.gcs import GcsStore

    cloud, ports = gcs_with_events, (free_port(), free_port())
    request_url, receive_url = (f"http://127.0.0.1:{port}" for port in ports)
    cloud.make_bucket("images")
    # What Terraform makes: the images' topic pushes to the function, which does not run yet.
    cloud.pubsub.create_subscription(
        "request-labeling", cloud.topic, push_config={"push_endpoint": request_url}
    )
    video = write_video(tmp_path / "drive.mp4", scenes=[0, 1, 2, 3])
    settings = ExtractionSettings(Sampling(Fraction(1)))
    upload = Upload("gs://uploads/cam 1/Straße.mp4", "cam 1/Straße.mp4", "1700000000000000")
    frames = extract(upload, str(video), settings, GcsStore("images")).frames
    kept = [frame for frame in frames if frame.kept]
    cloud.client().bucket("images").blob("notes/readme.txt").upload_from_string("no image")
    assert len(kept) == 4

    (tmp_path / "template.yaml").write_text(TEMPLATE)
    with (tmp_path / "truth.jsonl").open("w") as truth:
        for number, frame in enumerate(kept):
            box = {"x": 1.5 + number, "y": 2.0, "width": 10.0, "height": 20.0}
            drawn = {"id": "1", "label": "car", "type": "box", "box": box}
            truth.write(json.dumps({"image_id": frame.image_id, "objects": [drawn]}) + "\n")
    environment = firestore.environment | {
        "LABELING_VENDOR": "truth",
        "LABELING_STORE": f"firestore://{firestore.project}",
        "LABELING_IMAGES": "gs://images",
        "LABELING_IMAGE_ACCESS": "uri",
        "LABELING_TEMPLATE": str(tmp_path / "template.yaml"),
        "LABELING_TRUTH": str(tmp_path / "truth.jsonl"),
        "LABELING_TRUTH_SECRET": SECRET,
        "LABELING_CALLBACK_URL": receive_url,
    }
    store = FirestoreStore(firestore.project, "(default)")
    with (
        function("receive_annotation", environment, tmp_path, port=ports[1]),
        function("request_labeling", environment, tmp_path, port=ports[0]) as requesting,
    ):
        completed = Query("tasks", {"state": "completed"})
        job = requesting.watchdog, requesting.log
        wait_for(lambda: store.count(completed) == 4, *job)
        wait_for(lambda: "notes/readme.txt" in requesting.log.read_text(), *job)
    for number, frame in enumerate(kept):
        task, annotation = store.get(("tasks", frame.image_id), ("annotations", frame.image_id))
        assert task.document["image_uri"] == annotation.document["image_uri"] == frame.image_uri
        assert (task.document["image_width"], task.document["image_height"]) == (
            frame.width,
            frame.height,
        )
        assert task.document["attempts"] == 1
        assert annotation.document["objects"][0]["box"]["x"] == 1.5 + number
        assert annotation.document["revision"] == 1
    assert store.count(Query("tasks")) == store.count(Query("annotations")) == 4
    assert store.count(Query("quarantine")) == 0
    store.close()
