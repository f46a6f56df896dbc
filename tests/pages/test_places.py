"""The pages that begin with videos: what they type runs on drawn ones, in order, in one folder."""

import subprocess

import httpx
import pytest

from tests.drawing import write_video
from tests.end_to_end.test_walk_through import free_port
from tests.pages.labeled import use_truth, write_truth
from tests.pages.typist import Page, type_examples
from tests.paths import ROOT

pytestmark = pytest.mark.slow
GOOGLE = "It needs an account of Google Cloud."
DECIDED = "It needs a trained model: tests/view/test_errors.py decides, and reviews it then."
TAGGED = "Nobody has tagged an image here: tests/cli/label/test_dispatch_tags.py has marks."
VIDEOS = 6


@pytest.fixture(scope="module")
def drives(tmp_path_factory):
    """Short videos, each second another picture or the one before."""
    folder = tmp_path_factory.mktemp("drives")
    for number in range(VIDEOS):
        first = number * 2
        write_video(folder / f"{number}.mp4", scenes=[first, first + 1, first + 1])
    return folder


def test_readme(shell, drives):
    (shell.home / "drives").symlink_to(drives)
    port, place = free_port(), shell.home / "roads"
    use_truth(shell, port)
    training = "Training on boxes takes minutes: tests/end_to_end/test_walk_through.py trains."
    Page(
        "README.md",
        elsewhere={
            "make demo": "tests/demo/test_demo.py runs it, and compares what it prints.",
            "vidset train": training,
            "vidset evaluate": training,
            "vidset errors": training,
            "vidset upload": "It needs a bucket: docs/upload.md has the line, too.",
        },
        instead={"label serve": f"label serve --port {port}"},
        before={"vidset label serve": lambda: write_truth(place, shell.home / "truth.jsonl")},
    ).typed(shell)
    assert (place / "datasets" / "names" / "v0").is_file()


def test_make_demo_is_what_is_typed_for_it():
    dry = subprocess.run(
        ["make", "--no-print-directory", "--dry-run", "demo"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert dry.stdout.splitlines()[-1].split() == [
        *(".venv/bin/vidset", "demo", "--output", '"out/demo"')
    ]


def test_extracting(shell, drives):
    (shell.home / "drives").symlink_to(drives)
    Page(
        "docs/extracting.md",
        elsewhere={
            "vidset extract gs:": GOOGLE,
            "python -m vidset.beam.ingest_job": GOOGLE,
            "vidset watch 'amqp": "It needs a broker: tests/watch has it run on RabbitMQ.",
            "vidset watch pubsub:": f"{GOOGLE} tests/docker has it run on the emulators.",
        },
    ).typed(shell)


def test_labeling(shell, drives):
    (shell.home / "videos").symlink_to(drives)
    port = free_port()
    use_truth(shell, port)
    done = Page(
        "docs/labeling.md",
        instead={"label serve": f"label serve --port {port}"},
        before={
            "vidset label serve -p out &": lambda: write_truth(
                shell.home / "out", shell.home / "truth.jsonl"
            ),
            "export LABELING_PUBLIC_URL": lambda: shell.types("kill %1; wait"),
        },
        stays=("vidset label serve",),
    ).typed(shell)
    assert f"{VIDEOS * 2} labeled" in done["vidset label status -p out"].out
    assert (shell.home / "annotations.json").stat().st_size > 1000


def test_warehouse(shell, drives):
    port = free_port()
    use_truth(shell, port)
    (shell.home / "videos").symlink_to(drives)
    for line in "vidset extract videos -o out", f"vidset label serve -p out --port {port} &":
        if line.endswith("&"):
            write_truth(shell.home / "out", shell.home / "truth.jsonl")
            shell.starts(line.removesuffix("&"))
        else:
            assert shell.types(line).code == 0
    assert shell.types("vidset label dispatch -p out --yes").code == 0
    Page(
        "docs/warehouse.md",
        elsewhere={
            "vidset sync --store firestore:": GOOGLE,
            "python -m vidset.beam.export_job": GOOGLE,
        },
    ).typed(shell)
    assert shell.types("export VIDSET_PLACE=out").code == 0
    type_examples(
        shell,
        *("vidset plan", "vidset sync", "vidset sql", "vidset label status"),
        *("vidset label quarantine", "vidset backup monday.sqlite", "vidset export -f coco"),
    )


def test_view(shell, drives):
    assert shell.types(f"vidset extract {drives} -o roads").code == 0
    (shell.home / "tokens").write_text(
        "rita read iThinkOfARealRandomTokenHere\nwill write anotherRandomTokenForWriting\n"
    )
    port = free_port()
    done = Page(
        "docs/view.md",
        # Others may use the page's port, and tests listen on this machine alone.
        instead={
            "vidset view roads": f"vidset view roads --no-browser --port {port}",
            "--host 0.0.0.0": "--host 127.0.0.1",
        },
        before={"vidset view roads --host": lambda: shell.types("kill %1; wait")},
        stays=("vidset view roads",),
        elsewhere={
            'vidset label dispatch --tag "to label"': TAGGED,
            'vidset dataset create --without-tag "leave out"': TAGGED,
            'vidset sql "SELECT tag': TAGGED,
            "vidset errors": DECIDED,
            "vidset review": DECIDED,
            "vidset dataset fix": DECIDED,
            "vidset view roads --export": "tests/view/test_export.py writes one, and opens it.",
            "vidset view gs://PROJECT-images --warehouse": "tests/view/test_warehouse.py does.",
        },
    ).typed(shell)
    assert len(done) == 3
    answer = httpx.get(
        f"http://127.0.0.1:{port}/?token=iThinkOfARealRandomTokenHere",
        headers={"Host": "photos.example:8770"},
        timeout=600,
    )
    assert answer.is_redirect
    assert "set-cookie" in answer.headers


@pytest.mark.emulator
def test_upload(shell, drives, gcs):
    for name, value in gcs.environment.items():
        assert shell.types(f"export {name}={value}").code == 0
    bucket = gcs.make_bucket("team-videos-vidset-uploads")
    card, recordings = shell.home / "card", shell.home / "recordings"
    write_video(shell.home / "drive.mp4", scenes=[50])
    for number, folder in enumerate((card, recordings)):
        write_video(folder / "a.mp4", scenes=[60 + number])
    Page(
        "docs/upload.md",
        instead={"/media/card": str(card), "/srv/recordings": str(recordings)},
        elsewhere={
            "vidset upload /srv/recordings --follow": "It ends when it is told to: tests/upload."
        },
    ).typed(shell)
    assert len(list(bucket.list_blobs(prefix="car-7/"))) == 2
    assert not list(card.iterdir())
    assert (shell.home / "card.jsonl").read_text().count("\n") == 1


def test_duplicates(shell, drives):
    (shell.home / "drives").symlink_to(drives)
    Page("docs/duplicates.md").typed(shell)
