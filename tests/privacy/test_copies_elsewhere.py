"""Copies in a bucket of their own: whoever reads them alone never sees an original."""

import hashlib
import json
from fractions import Fraction

import httpx
import pytest

from tests.bigquery_ledger import Cloud
from tests.cli.called import vidset
from tests.cli.dataset.outputs import to_bigquery
from tests.cli.dataset.test_warehouse_bigquery import A, B, create, entries, make_out
from tests.emulators.servers import free_port
from tests.end_to_end.jobs import wait_for
from tests.labeling.functions import function, scale_settings
from tests.labeling.vendors.scale.double import scale_double
from vidset.elements import Upload
from vidset.extraction import extract
from vidset.gate import Gate, read_gate
from vidset.labeling.settings import Settings
from vidset.labeling.stores.store import Query
from vidset.ledger.open import open_ledger
from vidset.place import Place
from vidset.place_images import ImageFiles
from vidset.project import Project
from vidset.settings import ExtractionSettings
from vidset.storage.gcs import GcsStore
from vidset.storage.open import open_store
from vidset.video.sampling import Sampling
from vidset.view.app import View

pytestmark = [pytest.mark.emulator, pytest.mark.slow]
# As infra/privacy.tf writes it: who makes the copies may not write beside the originals.
POINTER = json.dumps({"format": 1, "copies": "gs://blurred"})
TEMPLATE = "name: roads\ninstruction: Draw.\nlabels: [{name: car}]\n"


def files(place: str) -> dict[str, bytes]:
    """The JPEG files of a place, by their names there."""
    store = open_store(place)
    return {each.name: store.read(each.name) for each in store.list() if ".jpg" in each.name}


def hashes(found) -> set[str]:
    return {hashlib.sha256(each).hexdigest() for each in found}


@pytest.fixture
def roads(gcs, drawn) -> str:
    """A place in a bucket with four images, and an empty bucket for copies."""
    for bucket in "teams", "blurred":
        gcs.make_bucket(bucket)
    done = vidset("extract", drawn.parent / "in", "-p", "gs://teams/roads", "--similarity", "1.01")
    assert done.code == 0, done.err
    return "gs://teams/roads"


def blurred(place: str, red: str, *more: str):
    called = vidset("blur", "-p", place, "--blur", red, "--workers", "1", "--json", *more)
    assert called.code == 0, called.err
    return called.found


def test_copies_have_their_originals_names_and_the_place_says_where_they_are(roads, red):
    found = blurred(roads, red, "--copies", "gs://blurred/")
    assert (found["new"], found["blurred"], found["copies"]) == (4, 3, "gs://blurred")
    originals, copies = files(roads), files("gs://blurred")
    assert set(copies) == set(originals)
    assert len(hashes(originals.values()) - hashes(copies.values())) == 3
    assert read_gate(roads) == Gate(("red-squares-1",), "mosaic", "gs://blurred")
    place = Place.of(roads, "sqlite:unused")
    settings = place.settings("inspect", {})
    assert (settings.images, settings.copies) == (roads, "gs://blurred")
    images = list(place.images())
    assert len(images) == 4
    assert all(each.uri.startswith(f"{roads}/images/") for each in images)
    read = ImageFiles(roads, place.files_root)
    assert {read.read(each.id, each.uri) for each in images} == set(copies.values())
    # Once said, it stays so.
    assert blurred(roads, red)["new"] == 0


def test_other_rules_take_the_copies_away_before_anybody_could_read_them(roads, red):
    blurred(roads, red, "--copies", "gs://blurred")
    before = files("gs://blurred")
    found = blurred(roads, red, "--method", "solid", "--limit", "1")
    assert (found["new"], found["left"]) == (4, 0)  # What is under way comes to its end.
    after = files("gs://blurred")
    assert set(after) == set(before)
    assert len(set(after.values()) & set(before.values())) == 1


@pytest.mark.parametrize(
    ("copies", "said"),
    [
        pytest.param("gs://teams/roads/b", "wanted copies in another place", id="inside"),
        pytest.param("gs://teams", "wanted copies in another place", id="around"),
        pytest.param("gs://full", "wanted an empty place for copies", id="other things"),
        pytest.param("s3://blurred", "wanted copies in a store as that of", id="another store"),
        pytest.param("blurred", "wanted places in buckets", id="folder"),
    ],
)
def test_a_place_that_cannot_take_copies_is_refused(roads, red, gcs, copies, said):
    gcs.make_bucket("full").blob("notes.txt").upload_from_string("mine")
    called = vidset("blur", "-p", roads, "--blur", red, "--copies", copies)
    assert called.code == 2
    assert said in called.refusal
    assert read_gate(roads) is None


def test_one_place_for_copies_is_of_one_place_of_originals(roads, red, gcs):
    blurred(roads, red, "--copies", "gs://blurred")
    with pytest.raises(ValueError, match="has the copies of gs://teams/roads: name that place"):
        read_gate("gs://blurred")
    store = open_store("gs://teams/other")
    store.put("privacy.json", POINTER.encode(), "application/json")
    with pytest.raises(ValueError, match="wanted the copies of gs://teams/other, got those of"):
        read_gate("gs://teams/other")


def test_what_is_forgotten_is_gone_among_the_copies_as_well(roads, red, drawn):
    blurred(roads, red, "--copies", "gs://blurred")
    called = vidset("forget", "drive.mp4", "-p", roads, "--yes", "--keep-source", "--json")
    assert called.code == 0, called.err
    assert called.found["deleted"]["blurred copies"] == 4
    assert called.found["left"] == {}
    assert [each.name for each in open_store("gs://blurred").list()] == ["privacy.json"]


@pytest.fixture
def beams(gcs, bigquery, tmp_path) -> str:
    """The uri of a dataset whose labeled images lie in gs://images, which has a gate, as Beam's."""
    for bucket in "images", "blurred":
        gcs.make_bucket(bucket)
    bigquery.client().create_dataset("vidset")
    out = make_out(tmp_path / "out", "images")
    uri = to_bigquery(out, f"bq://{bigquery.project}.vidset")
    open_store("gs://images").put("privacy.json", POINTER.encode(), "application/json")
    return uri


def test_a_version_from_bigquery_has_the_copies(beams, red, tmp_path):
    refused = create(tmp_path / "early", beams)
    assert refused.code != 0
    assert "gs://blurred, which has none yet; vidset blur makes them" in refused.err + refused.out
    found = blurred("gs://images", red, "--warehouse", beams)
    assert (found["images"], found["new"], found["gone"]) == (7, 7, 0)
    copies = files("gs://blurred")
    assert set(copies) == {*A, *B}
    made = create(tmp_path / "versions", beams)
    assert made.code == 0, made.err
    rows = entries(tmp_path / "versions")
    assert {each.image_sha256 for each in rows.values()} <= hashes(copies.values())
    assert {each.origin for each in rows.values()} <= hashes(files("gs://images").values())


def test_an_image_without_a_copy_is_a_fault_of_the_version(beams, red, tmp_path):
    victim = f"gs://images/{A[1]}"
    open_store("gs://images").put(A[1], b"no picture", "image/jpeg")
    called = vidset(
        *("blur", "-p", "gs://images", "--blur", red, "--warehouse", beams, "--workers", "1")
    )
    assert called.code == 1
    assert f"not checked, and held back: {victim}: " in called.err
    made = create(tmp_path / "versions", beams)
    assert made.code == 1
    assert "it was not checked for what has to be blurred" in made.out + made.err


def test_files_that_are_gone_are_no_failure_of_a_ledger_in_a_warehouse(beams, red):
    open_store("gs://images").delete(A[0])
    found = blurred("gs://images", red, "--warehouse", beams)
    assert (found["new"], found["gone"], found["failed"]) == (6, 1, [])


def test_a_page_over_bigquery_shows_copies(beams, red):
    blurred("gs://images", red, "--warehouse", beams)
    view = View(Project("gs://images"), warehouse=beams)
    try:
        asked = "SELECT image_id, image_uri FROM images ORDER BY image_uri LIMIT 1"
        [image] = view.catalog.rows(asked)
        assert view.files.read(*image.values()) == files("gs://blurred")[A[0]]
        assert not view.shows_videos
    finally:
        view.close()


def test_a_part_of_a_bucket_is_no_bucket_for_images_alone(beams, red):
    called = vidset("blur", "-p", "gs://images/part", "--blur", red, "--warehouse", beams)
    assert called.code == 2
    assert "with --warehouse, wanted a whole bucket of images" in called.refusal


def test_from_images_to_tasks_with_copies_and_nothing_of_what_was_not_checked(
    gcs_with_events, bigquery, firestore, drawn, red, tmp_path
):
    """Images land in a bucket, are copied blurred, and the copies' events make tasks of copies."""
    from vidset.labeling.stores.firestore import FirestoreStore

    cloud, port = gcs_with_events, free_port()
    for bucket in "images", "blurred":
        cloud.make_bucket(bucket)
    open_store("gs://images").put("privacy.json", POINTER.encode(), "application/json")
    # The server tells of both buckets. On Google Cloud only the copies have a subscription.
    cloud.pubsub.create_subscription(
        "request", cloud.topic, push_config={"push_endpoint": f"http://127.0.0.1:{port}"}
    )
    ledger = Cloud(bigquery)
    settings = ExtractionSettings(Sampling(Fraction(1)), similarity_threshold=1.01)
    upload = Upload("gs://uploads/cam1/drive.mp4", "cam1/drive.mp4", "1700000000000000")
    video = str(drawn.parent / "in" / "drive.mp4")
    extraction = extract(upload, video, settings, GcsStore("images"))
    open_ledger(ledger.uri).commit([extraction])
    kept = [each for each in extraction.frames if each.kept]
    assert len(kept) == 4
    broken, *checked = kept
    name = str(broken.image_uri).removeprefix("gs://images/")
    open_store("gs://images").put(name, b"no picture", "image/jpeg")
    (tmp_path / "template.yaml").write_text(TEMPLATE)
    store = FirestoreStore(firestore.project, "(default)")
    with scale_double() as scale:
        environment = firestore.environment | bigquery.environment | cloud.environment
        environment |= scale_settings(
            f"firestore://{firestore.project}",
            scale.url,
            "http://127.0.0.1:9",
            LABELING_COPIES="gs://blurred",
            LABELING_TEMPLATE=str(tmp_path / "template.yaml"),
            LABELING_LEDGER=ledger.uri,
        )
        with (
            function("request_labeling", environment, tmp_path, port=port) as requesting,
            function("reconcile", environment, tmp_path) as reconciling,
        ):
            job = requesting.watchdog, requesting.log
            told = f"{kept[-1].image_uri} is not below gs://blurred"
            wait_for(lambda: told in requesting.log.read_text(), *job)
            assert scale.tasks() == []
            called = vidset(
                *("blur", "-p", "gs://images", "--blur", red, "--warehouse", ledger.uri),
                *("--workers", "1", "--exit-zero"),
            )
            assert called.code == 0, called.err
            assert f"not checked, and held back: {broken.image_uri}" in called.err
            dispatched = Query("tasks", {"state": "dispatched"})
            wait_for(lambda: store.count(dispatched) == 3, *job)
            # Who reads the ledger finds the other one, and lets it wait.
            report = httpx.post(reconciling.url, timeout=600).json()
            assert report["images"] == {"unchecked": 1}
            tasks = {each["unique_id"]: each["params"]["attachment"] for each in scale.tasks()}
    assert tasks == {
        each.image_id: f"https://images.test/blurred/{str(each.image_uri).removeprefix('gs://images/')}"
        for each in checked
    }
    stored = store.find(Query("tasks"))
    assert {each.document["image_uri"] for each in stored} == {each.image_uri for each in checked}
    store.close()


def test_a_function_that_would_sign_originals_does_not_start(gcs, tmp_path):
    from vidset.labeling.places import refuse_originals

    gcs.make_bucket("images")
    told = {"LABELING_STORE": "sqlite:unused", "LABELING_IMAGES": "gs://images"}
    refuse_originals(Settings.from_environment(told, "inspect"))
    open_store("gs://images").put("privacy.json", POINTER.encode(), "application/json")
    with pytest.raises(ValueError, match="gs://images has a privacy gate: LABELING_COPIES must"):
        refuse_originals(Settings.from_environment(told, "inspect"))
    refuse_originals(
        Settings.from_environment(told | {"LABELING_COPIES": "gs://blurred"}, "inspect")
    )
