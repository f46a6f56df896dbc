"""A vendor is one folder and one registry entry: shown by one that another package brings."""

import json

import flask
import pytest
from cloudevents.http import CloudEvent

from tests.labeling.brokers import annotation_of, image
from tests.labeling.functions import message
from tests.labeling.vendors.toy_vendor import TOY
from vidset.cli.label.quarantine import list_quarantine, replay_payload
from vidset.labeling.broker import open_broker
from vidset.labeling.entry_points import receive_annotation, request_labeling
from vidset.labeling.quarantine import quarantine
from vidset.labeling.reconciling import reconcile
from vidset.labeling.settings import Settings
from vidset.labeling.vendors import registry
from vidset.labeling.vendors.declaration import Callback, Declaration, Variable
from vidset.labeling.vendors.registry import BUILT_IN, vendors
from vidset.secret import Secret

SECRET = "secret-of-the-toy-vendor"  # noqa: S105
TEMPLATE = "{name: cars, labels: [{name: car}], vendors: {toy: {people: 3}}}"


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Installs packages that name vendors: their metadata, as pip leaves them."""

    def install(**points: str) -> None:
        for name, value in points.items():
            metadata = tmp_path / "site" / f"{name}_labels-1.0.dist-info"
            metadata.mkdir(parents=True)
            (metadata / "METADATA").write_text(f"Name: {name}-labels\nVersion: 1.0\n")
            (metadata / "entry_points.txt").write_text(f"[{registry.GROUP}]\n{name} = {value}\n")
        monkeypatch.syspath_prepend(tmp_path / "site")
        vendors.cache_clear()

    yield install
    vendors.cache_clear()


@pytest.fixture
def toy(installed, tmp_path):
    """A broker whose tasks go to the toy vendor, and the vendor's folder."""
    installed(toy="tests.labeling.vendors.toy_vendor:TOY")
    (tmp_path / "template.yaml").write_text(TEMPLATE)
    folder = tmp_path / "toy"
    folder.mkdir()
    settings = Settings.from_environment(
        {
            "LABELING_VENDOR": "toy",
            "LABELING_STORE": f"sqlite:{tmp_path}/labels.sqlite",
            "LABELING_IMAGES": "gs://images",
            "LABELING_IMAGE_ACCESS": "uri",
            "LABELING_TEMPLATE": f"{tmp_path}/template.yaml",
            "TOY_FOLDER": str(folder),
            "TOY_SECRET": SECRET,
        },
        "request",
    )
    broker = open_broker(settings)
    attributes = {"type": "google.cloud.pubsub.topic.v1.messagePublished", "source": "//test"}
    request_labeling(broker, CloudEvent(attributes, {"message": message("drive/1/0000000000.jpg")}))
    yield broker, folder
    broker.store.close()


def said(*cars: tuple, at: str = "2026-03-01T12:00:00Z") -> dict:
    return {"image": image().id, "who": "ann", "at": at, "cars": cars}


def called_back(broker, body: object, secret: str = SECRET) -> tuple[int, dict]:
    app = flask.Flask("toy")
    headers = {"x-toy-secret": secret}
    with app.test_request_context("/", method="POST", json=body, headers=headers):
        response = receive_annotation(broker, flask.request)
        return response.status_code, response.get_json()


def test_an_image_becomes_a_task_of_a_vendor_from_outside(toy):
    broker, folder = toy
    [task] = folder.glob("*.task")
    assert json.loads(task.read_text()) == {
        "image": "gs://images/drive/1/0000000000.jpg",
        "people": 3,
    }
    [stored] = broker.store.get(("tasks", image().id))
    assert stored.document["vendor"] == "toy"
    assert stored.document["vendor_task_id"] == f"toy-{image().id}"


def test_its_callback_is_taken_with_its_secret_alone(toy):
    broker, _ = toy
    body = {"event": said((1, 2, 30, 40))}
    assert called_back(broker, body, "another-secret-of-it")[0] == 401
    assert called_back(broker, body) == (200, {"stored": 1})
    [car] = annotation_of(broker.store).objects
    assert (car.label, car.box.width) == ("car", 30.0)


def test_reconcile_polls_its_answers(toy):
    broker, folder = toy
    (folder / f"{image().id}.answer").write_text(json.dumps(said((1, 2, 30, 40), (5, 5, 9, 9))))
    report = reconcile(broker, [])
    assert report["changes"]["stored"] == 1
    assert report["incomplete"] == []
    assert len(annotation_of(broker.store).objects) == 2


def test_a_callback_that_cannot_be_used_is_quarantined(toy):
    broker, _ = toy
    assert called_back(broker, {"event": said((1, 2, -30, 40))}) == (200, {"quarantined": 1})
    assert called_back(broker, {"event": {}}) == (200, {"quarantined": 1})
    assert [entry["vendor"] for entry in list_quarantine(broker.store)] == ["toy", "toy"]


def test_its_task_is_read_again_from_the_quarantine(toy):
    broker, _ = toy
    payload = json.dumps(said((1, 2, 30, 40))).encode()
    quarantine(
        broker.store, payload, vendor="toy", reason="?", image_id=image().id, now=broker.clock()
    )
    [entry] = list_quarantine(broker.store)
    assert replay_payload(broker, entry["name"], "toy") == {"stored": 1}
    assert list_quarantine(broker.store) == []


def test_its_secret_is_not_shown(toy):
    broker, _ = toy
    assert SECRET not in repr(broker.settings)
    assert broker.settings.secrets == {"toy": (Secret(SECRET),)}


def test_what_it_requires_is_asked_for_by_name(installed):
    installed(toy="tests.labeling.vendors.toy_vendor:TOY")
    given = {"LABELING_VENDOR": "toy", "LABELING_STORE": "sqlite:/l", "LABELING_IMAGES": "gs://b-1"}
    with pytest.raises(ValueError, match=r"^TOY_FOLDER must be set$"):
        Settings.from_environment(given, "request")


@pytest.mark.parametrize(
    ("points", "told"),
    [
        pytest.param(
            {"toy": "tests.labeling.vendors.toy_vendor:people"},
            "must name a Declaration of a vendor, got <function people",
            id="no declaration",
        ),
        pytest.param(
            {"one": "tests.labeling.vendors.toy_vendor:TOY", "two": f"{__name__}:ANOTHER_TOY"},
            "there is already a vendor 'toy'",
            id="name taken",
        ),
        pytest.param(
            {"toy": f"{__name__}:GREEDY"},
            "the variable SCALE_API_KEY is another vendor's",
            id="variable taken",
        ),
    ],
)
def test_a_package_that_does_not_fit_is_named(installed, points, told):
    installed(**points)
    with pytest.raises(ValueError, match=told):
        vendors()


def test_a_secret_that_is_no_variable_is_refused():
    callback = Callback("x-toy", "TOY_SECRET", lambda _: [])
    with pytest.raises(ValueError, match="vendor 'toy': its callback's secret 'TOY_SECRET' must"):
        Declaration("toy", (Variable("TOY_SECRET"),), TOY.open, callback)


def test_built_in_vendors_read_no_variable_of_another():
    names = [variable.name for each in BUILT_IN for variable in each.variables]
    assert len(names) == len(set(names))
    assert [each.name for each in BUILT_IN] == ["scale", "label-studio", "truth"]


ANOTHER_TOY = Declaration("toy", (), TOY.open)
GREEDY = Declaration("greedy", (Variable("SCALE_API_KEY", "key"),), TOY.open)
