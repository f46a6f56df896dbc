"""Projects and webhooks, on the real server."""

import json
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from vidset.labeling.annotation import Box, LabeledObject
from vidset.labeling.errors import TryAgainError
from vidset.labeling.task import Image
from vidset.labeling.template import parse_template
from vidset.labeling.vendors.label_studio.vendor import LabelStudioVendor
from vidset.labeling.vendors.vendor import Connection, Request

HOOK, SECRET = "https://broker.example.com/label-studio", "a-secret-of-these-tests"
TEMPLATE = """
name: street
instruction: |
  Mark <all> cars & "roads".
  Auch Übergrößen: 車
labels:
  - {name: "car <\\"&' ü 車", color: "#ff0000", description: "<parked> too"}
  - {name: road, type: polygon}
  - {name: night, type: classification}
attributes:
  - {name: "verdeckt ü <", choices: ["ja <", "nein"], labels: [road], required: true}
  - {name: weather, choices: [sun, rain], many: true}
label_studio: {annotators_per_image: 3, project: TITLE}
"""


@pytest.fixture
def title():
    return f"street {uuid.uuid4().hex}"


@pytest.fixture
def open_vendor(label_studio, title):
    def open_(text=TEMPLATE, **arguments):
        template = parse_template(text.replace("TITLE", title), "t.yaml")
        arguments = {"url": label_studio.url, "token": label_studio.token} | arguments
        return LabelStudioVendor(template=template, **arguments)

    return open_


@pytest.mark.slow
@pytest.mark.emulator
def test_a_project_is_made_from_the_template_and_used_again(label_studio, open_vendor, title):
    made = open_vendor().connect()
    url = f"{label_studio.url}/projects/{made.project_id}/data"
    assert made == Connection(made.project_id, title, url, is_new=True, webhook=None)
    assert open_vendor().connect() == Connection(
        made.project_id, title, url, is_new=False, webhook=None
    )
    [found] = label_studio.projects(title)
    controls = found["parsed_label_config"]
    assert {name: (c["type"], c["labels"]) for name, c in controls.items()} == {
        "box": ("RectangleLabels", ["car <\"&' ü 車"]),
        "polygon": ("PolygonLabels", ["road"]),
        "classification": ("Choices", ["night"]),
        "verdeckt ü <": ("Choices", ["ja <", "nein"]),
        "weather[]": ("Choices", ["sun", "rain"]),
    }
    assert controls["box"]["labels_attrs"]["car <\"&' ü 車"] == {
        "value": "car <\"&' ü 車",
        "background": "#ff0000",
        "hint": "<parked> too",
    }
    assert found["maximum_annotations"] == 3
    assert found["show_instruction"] is True
    # As HTML, which is what the server keeps.
    assert found["expert_instruction"] == (
        'Mark &lt;all&gt; cars &amp; "roads".<br>Auch Übergrößen: 車'
    )


@pytest.mark.slow
@pytest.mark.emulator
def test_four_processes_that_start_at_once_use_one_project_and_one_webhook(
    label_studio, open_vendor, title
):
    def connect(vendor):
        for _ in range(10):
            try:
                return vendor.connect()
            except TryAgainError as error:  # SQLite: the database is locked.
                refusals.append(str(error))
        raise AssertionError(f"refused again and again: {refusals}")

    refusals = []
    vendors = [open_vendor(callback_url=HOOK, webhook_secret=SECRET) for _ in range(4)]
    with ThreadPoolExecutor(4) as threads:
        told = {connection.project_id for connection in threads.map(connect, vendors)}
    ids = sorted(each["id"] for each in label_studio.projects(title))
    assert told == {ids[0]}
    # Where SQLite is locked the server tries again by itself, and leaves half a project behind
    # that no answer tells of: there may be others.
    [project_id] = told
    hooks = label_studio.call("GET", "/api/webhooks/", params={"project": project_id})
    assert [hook["url"] for hook in hooks] == [HOOK]


@pytest.mark.slow
@pytest.mark.emulator
def test_of_several_projects_of_the_title_the_oldest_is_used(label_studio, open_vendor, title):
    own = {"title": title, "label_config": config('<Label value="car"/>')}
    ids = [label_studio.call("POST", "/api/projects/", json=own)["id"] for _ in range(2)]
    longer = own | {"title": f"{title} old"}
    label_studio.call("POST", "/api/projects/", json=longer)
    vendor = open_vendor("{name: street, labels: [{name: car}], label_studio: {project: TITLE}}")
    assert vendor.connect().project_id == min(ids)
    assert open_vendor(project_id=max(ids), text=CAR).connect().project_id == max(ids)


CAR = "{name: street, labels: [{name: car}]}"


def config(labels):
    return (
        '<View><Image name="photo" value="$image"/><RectangleLabels name="shapes" toName="photo">'
        f"{labels}</RectangleLabels></View>"
    )


@pytest.mark.slow
@pytest.mark.emulator
def test_a_project_that_lacks_a_label_is_told_by_name(label_studio, open_vendor, title):
    own = {"title": title, "label_config": config('<Label value="car"/>')}
    project_id = label_studio.call("POST", "/api/projects/", json=own)["id"]
    text = "{name: street, labels: [{name: car}, {name: tram}], label_studio: {project: TITLE}}"
    vendor = open_vendor(text)
    reason = rf"project {project_id} '{title}' of {label_studio.url} does not fit template 'street'"
    with pytest.raises(ValueError, match=rf"{reason}: .* lacks the box label 'tram'"):
        vendor.connect()
    with pytest.raises(ValueError, match="lacks the box label 'tram'"):
        vendor.submit(Request(Image("a" * 32, "gs://x/a.jpg"), "https://x/a.jpg"))


@pytest.mark.slow
@pytest.mark.emulator
def test_a_project_that_is_not_there_is_told(open_vendor):
    with pytest.raises(ValueError, match=r"LABEL_STUDIO_PROJECT 999999: .*No Project matches"):
        open_vendor(project_id=999999).connect()


@pytest.mark.slow
@pytest.mark.emulator
def test_a_config_of_ones_own_keeps_its_names(label_studio, open_vendor):
    own = json.dumps(config('<Label value="car"/>'))
    text = "name: street\nlabels: [{name: car}]\nlabel_studio: {project: TITLE, config: OWN}"
    vendor = open_vendor(text.replace("OWN", own))
    car = LabeledObject("r1", "car", "box", Box(1, 2, 3, 4))
    image = Image("a" * 32, "gs://x/a.jpg", 640, 480)
    vendor.submit(Request(image, "https://x/a.jpg", (car,)))
    [task] = label_studio.tasks(vendor.connect().project_id)
    [item] = task["predictions"][0]["result"]
    assert (item["from_name"], item["to_name"]) == ("shapes", "photo")


@pytest.mark.slow
@pytest.mark.emulator
def test_a_webhook_is_made_once_and_follows_its_secret(label_studio, open_vendor):
    def hooks():
        found = label_studio.call("GET", "/api/webhooks/", params={"project": project_id})
        return {hook["url"]: hook for hook in found}

    connected = open_vendor(callback_url=HOOK, webhook_secret=SECRET).connect()
    project_id = connected.project_id
    assert connected.webhook == "made"
    other = {"project": project_id, "url": "https://other.example.com/"}
    label_studio.call("POST", "/api/webhooks/", json=other)
    theirs = hooks()[other["url"]]
    assert open_vendor(callback_url=HOOK, webhook_secret=SECRET).connect().webhook == "kept"
    made = hooks()[HOOK]
    assert made["headers"] == {"x-vidset-webhook-secret": SECRET}
    assert sorted(made["actions"]) == [
        "ANNOTATIONS_CREATED",
        "ANNOTATIONS_DELETED",
        "ANNOTATION_CREATED",
        "ANNOTATION_UPDATED",
    ]
    assert (made["send_for_all_actions"], made["send_payload"]) == (False, True)

    two_secrets = f"the-new-secret-of-these-tests {SECRET}"
    renewed = open_vendor(callback_url=HOOK, webhook_secret=two_secrets)
    assert renewed.connect().webhook == "changed"
    assert renewed.connect().webhook == "kept"
    after = hooks()
    assert after[HOOK]["headers"] == {"x-vidset-webhook-secret": "the-new-secret-of-these-tests"}
    assert after[HOOK]["id"] == made["id"]
    assert after == {HOOK: after[HOOK], other["url"]: theirs}

    twin = {name: made[name] for name in ("project", "url", "headers", "actions")}
    label_studio.call("POST", "/api/webhooks/", json=twin)  # As by two processes at once.
    assert renewed.connect().webhook == "kept"
    listed = label_studio.call("GET", "/api/webhooks/", params={"project": project_id})
    assert sorted(hook["id"] for hook in listed) == [made["id"], theirs["id"]]

    label_studio.call("PATCH", f"/api/webhooks/{made['id']}/", json={"is_active": False})
    assert renewed.connect().webhook == "changed"
    assert hooks()[HOOK]["is_active"] is True


@pytest.mark.parametrize("name", ["ab", "x" * 51])
def test_a_title_that_label_studio_refuses_is_told_before_any_call(name):
    template = parse_template(f"{{name: {name}, labels: [{{name: car}}]}}", "t.yaml")
    with pytest.raises(ValueError, match=f"must have 3 to 50 characters.*, got '{name}'"):
        LabelStudioVendor("http://localhost:1", "token", template)
    assert LabelStudioVendor("http://localhost:1", "token", template, project_id=3)
