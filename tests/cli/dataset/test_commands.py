"""`vidset dataset create`, `list`, `show`, `diff`, `verify`, as called."""

import json

import pytest

from tests.cli.dataset.called import create, dataset, faults
from tests.datasets.pictures import image, write_files, write_labels
from tests.programs.started import run
from vidset.actor import login
from vidset.datasets.images.near_duplicates import NEAR_DISTANCE
from vidset.datasets.versions.repository import Repository


def lines_of(text):
    """With single spaces."""
    return [" ".join(line.split()) for line in text.splitlines()]


def test_create_shows_what_it_made(folders, root):
    made = create(folders, root, "--name", "v0")
    assert made.code == 0
    id_ = Repository(root).resolve("v0")
    assert lines_of(made.out) == [
        f"version {id_[:12]} v0: 20 images",
        "train validation",
        "cat 8 4",
        "dog 6 2",
        "images 14 6",
    ]
    again = create(folders, root, "--name", "also")
    assert "20 images, which was there already" in again.out
    assert Repository(root).names() == {"also": id_, "v0": id_}


def test_create_gives_one_json_object(folders, root):
    made = create(folders, root, "--json")
    assert (
        made.found
        | {
            "place": str(root.parent),
            "version": Repository(root).versions()[0],
            "name": None,
            "is_new": True,
            "images": 20,
            "splits": {"train": 14, "validation": 6},
            "labels": {
                "cat": {"train": 8, "validation": 4},
                "dog": {"train": 6, "validation": 2},
            },
            "against_parent": {},
            "left_out": [],
            "dropped": [],
            "leaks": [],
            "anomalies": [],
            "overridden": [],
        }
        == made.found
    )
    assert made.found["next"].startswith("vidset train ")


def test_create_quietly_names_only_what_is_wrong(folders, root):
    write_files(folders, {"train/cat/notes.txt": b"junk", "train/cat/cut.png": image(50)[:-9]})
    made = create(folders, root, "--quiet", "--skip-faults")
    assert (made.code, made.out) == (0, "")
    assert "left out: train/cat/cut.png: unreadable image" in made.err
    assert "left out: train/cat/notes.txt: no image" in made.err


def test_much_that_is_harmless_is_named_in_part(folders, root):
    write_files(folders, {f"train/cat/{n}.txt": b"junk" for n in range(25)})
    made = create(folders, root)
    assert sum(line.endswith(": no image") for line in made.err.splitlines()) == 11
    assert "left out: 15 more: no image" in made.err


def test_create_that_is_refused_names_every_fault(folders, root):
    write_files(folders, {f"train/cat/cut {n}.png": image(50 + n)[:-9] for n in range(25)})
    made = create(folders, root)
    assert (made.code, made.out) == (1, "")
    assert sum("unreadable image" in line for line in made.err.splitlines()) == 26
    assert faults(create(folders, root, "--json"))[0].startswith("train/cat/cut 0.png: ")


def test_groups_come_from_names(tmp_path, root):
    folder = write_files(tmp_path / "in", {f"cat/video{n % 5}_{n}.png": n for n in range(30)})
    made = create(folder, root, "--group-by", r"(video\d)_", "--shares", "train=0.6,test=0.4")
    assert made.code == 0, made.err
    sides = {
        (entry.group, entry.split)
        for entry in Repository(root).manifest(Repository(root).versions()[0])
    }
    assert sorted(group for group, _ in sides) == [f"video{n}" for n in range(5)]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(["--shares", "train=1,test"], "--shares: wanted such as", id="split"),
        pytest.param(["--shares", "train=0.9"], "numbers above 0 that sum to 1", id="shares"),
        pytest.param(["--near-distance", "x"], "--near-distance: wanted 0 to ", id="distance"),
        pytest.param(
            ["--on-leaks", "hide"], "--on-leaks: wanted one of refuse, drop, keep", id="leaks"
        ),
        pytest.param(["--labels", " , "], "--labels: wanted labels with commas", id="labels"),
        pytest.param(["--name", "../x"], "'../x': wanted a name of letters", id="name"),
        pytest.param(["--name", "abcdef12"], "that is not like an id", id="name like an id"),
        pytest.param(["--parent", "v9"], "has no version 'v9'", id="parent"),
        pytest.param(["--instead"], "wanted a parent version", id="instead"),
        pytest.param(["--group-by", "("], "group by (: wanted", id="no pattern"),
        pytest.param(["--group-by", "nowhere"], "found it for none of 20", id="not found"),
    ],
)
def test_bad_usage_is_refused_and_nothing_is_made(folders, root, arguments, message):
    made = create(folders, root, *arguments)
    assert made.code == 2
    assert message in made.refusal
    assert not (root / "versions").exists()


def test_near_images_are_told_as_in_the_audit(folders, root):
    ids = {
        create(folders, root, "--json", *arguments).found["version"]
        for arguments in ((), ("--near-distance", NEAR_DISTANCE))
    }
    assert len(ids) == 1
    (id_,) = ids
    assert Repository(root).details(id_)["near_distance"] == NEAR_DISTANCE


def test_create_wants_a_source_or_labels_in_the_place(root):
    assert "nothing is labeled here yet" in dataset("create", "-p", root.parent).refusal


def test_list_and_show_tell_of_versions(folders, root):
    create(folders, root, "--name", "v0", "-m", "as collected")
    more = write_labels(folders.parent / "more", {"cat": 3}, 100)
    create(more, root, "--name", "v1", "--parent", "v0")
    first, second = Repository(root).versions()
    listed = lines_of(dataset("list", "-p", root.parent).out)
    assert listed[0] == "name version created images by message"
    assert [line.split()[:2] for line in listed[1:]] == [["v0", first[:12]], ["v1", second[:12]]]
    assert listed[1].endswith(f"20 {login()} as collected")
    found = dataset("list", "-p", root.parent, "--json").found["versions"]
    assert [(each["version"], each["images"], each["parents"]) for each in found] == [
        (first, 20, []),
        (second, 23, [first]),
    ]
    shown = lines_of(dataset("show", "v1", "-p", root.parent).out)
    assert "made from v0" in shown
    assert shown[-1].startswith("images ")
    assert dataset("show", "v0", "-p", root.parent, "--json").found["labels"]["dog"] == {
        "train": 6,
        "validation": 2,
    }


def test_an_empty_repository_has_no_versions(root):
    assert dataset("list", "-p", root.parent).out == f"{root.parent}: no dataset versions yet\n"
    assert "has no version 'v0'; it has: none" in dataset("show", "v0", "-p", root.parent).refusal


def test_diff_names_what_changed(folders, root):
    create(folders, root, "--name", "v0")
    (folders / "train/cat/0.png").rename(folders / "train/dog/0.png")
    (folders / "train/cat/1.png").unlink()
    write_files(folders, {"train/bird/60.png": 60})
    create(folders, root, "--name", "v1", "--parent", "v0", "--instead")
    shown = lines_of(dataset("diff", "v0", "v1", "-p", root.parent).out)
    assert shown == [
        "v0 to v1, which was made from it",
        "1 added, 1 removed, 1 relabeled, 18 unchanged",
        "added removed relabeled_from relabeled_to",
        "bird 1",
        "cat 1 1",
        "dog 1",
        "added:",
        "train/bird/60.png (train): bird",
        "removed:",
        "train/cat/1.png (train): cat",
        "relabeled:",
        "train/dog/0.png (train): cat -> dog",
    ]
    found = dataset("diff", "v0", "v1", "-p", root.parent, "--json").found
    assert found["counts"] | {"unchanged": 18} == found["counts"]
    assert [each["image_uri"] for each in found["images"]["removed"]] == ["train/cat/1.png"]
    assert found["images"]["relabeled"][0]["before"]["labels"] == ["cat"]
    assert found["is_made_from"] is True


def test_diff_names_some_of_many(folders, root):
    create(folders, root, "--name", "v0")
    create(write_labels(folders.parent / "more", {"cat": 5}, 100), root, "--name", "v1")
    shown = dataset("diff", "v0", "v1", "-p", root.parent, "--show", 2).out
    assert "... and 3 more: --json names all" in shown


def test_verify_names_damage(folders, root):
    create(folders, root, "--name", "v0")
    whole = dataset("verify", "-p", root.parent)
    assert (whole.code, whole.out) == (0, "1 version, 20 images, 0 damaged\n")
    path = next((root / "images").rglob("*.png"))
    path.write_bytes(b"damaged")
    damaged = dataset("verify", "-p", root.parent, "--json")
    assert damaged.code == 1
    assert damaged.found["damage"][0].startswith(f"{path}: image ")
    assert "was changed" in damaged.err


def test_the_place_comes_from_the_environment(folders, root):
    place = {"VIDSET_PLACE": str(root.parent)}
    done = run(("dataset", "create", folders, "--quiet"), env=place)
    assert done.returncode == 0
    assert len(Repository(root).versions()) == 1


def test_the_newest_version_is_taken_and_named_on_stderr(folders, root):
    create(folders, root, "--name", "v0")
    create(write_labels(folders.parent / "more", {"cat": 30}, 100), root, "--name", "v1")
    shown = dataset("show", "-p", root.parent)
    assert "version v1, the newest" in shown.err
    assert "30 images" in shown.out


def test_a_name_is_never_moved_in_silence(folders, root):
    create(folders, root, "--name", "v0")
    more = write_labels(folders.parent / "more", {"cat": 30}, 100)
    refused = create(more, root, "--name", "v0")
    first, second = Repository(root).versions()
    assert (refused.code, Repository(root).names()) == (2, {"v0": first})
    assert f"vidset dataset name v0 {second[:12]} --move" in refused.err
    moved = dataset("name", "v0", second[:12], "--move", "-p", root.parent, "--json")
    assert (moved.found["before"], moved.found["version"]) == (first, second)
    assert Repository(root).names() == {"v0": second}
    assert dataset("name", "v0", second, "-p", root.parent).code == 0
    assert dataset("name", "v0", first, "-p", root.parent).code == 2


def test_a_fix_does_not_take_the_name_of_the_version_that_it_changes(folders, root, tmp_path):
    create(folders, root, "--name", "v0")
    repository = Repository(root)
    id_ = repository.resolve("v0")
    entry = next(iter(repository.manifest(id_)))
    one = {"image_sha256": entry.image_sha256, "image_uri": entry.image_uri, "action": "remove"}
    file = tmp_path / "fixes.json"
    file.write_text(json.dumps({"version": id_, "fixes": [one]}))
    refused = dataset("fix", "v0", file, "--name", "v0", "-p", root.parent)
    assert (refused.code, repository.names()) == (2, {"v0": id_})
    assert "give the new one another name, or let --move" in refused.refusal
    assert repository.versions() == [id_]
    fixed = dataset("fix", "v0", file, "-n", "v1", "-p", root.parent)
    assert (fixed.code, fixed.next) == (0, f"vidset train v1 -p {root.parent}")
    assert repository.resolve("v0") == id_


def test_a_split_with_too_few_groups_is_refused_with_the_way_out(tmp_path, root):
    names = {f"cat/video1_{n}.png": n for n in range(30)}
    folder = write_files(tmp_path / "in", names)
    refused = create(folder, root, "--group-by", r"(video\d)_")
    assert refused.code == 2
    assert "30 images are 1 group" in refused.refusal
    assert Repository(root).versions() == []
    fewer = create(folder, root, "--group-by", r"(video\d)_", "--shares", "train=1")
    assert fewer.code == 0


def test_images_without_a_group_are_said_in_one_line(tmp_path, root):
    folder = write_files(tmp_path / "in", {f"cat/{n}.png": n for n in range(30)})
    made = create(folder, root)
    (line,) = [line for line in made.err.splitlines() if "without a group" in line]
    assert line.startswith("30 images came without a group: frames of one video may be")


@pytest.mark.parametrize(
    ("source", "message"),
    [
        pytest.param("cocoo:x.json", "unknown format 'cocoo'. Did you mean 'coco'?", id="format"),
        pytest.param("nothing", "nothing: wanted labeled images, there is nothing", id="nothing"),
        pytest.param("gs://b/w", "wanted a file or folder of this machine, or bq://", id="bucket"),
    ],
)
def test_a_source_that_cannot_be_is_refused(root, source, message):
    assert message in dataset("create", source, "-p", root.parent).refusal
