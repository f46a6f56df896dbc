"""Who made a version stands in its version.json, and is no part of its id."""

import getpass
import json

from tests.cli.called import vidset
from tests.cli.dataset.test_exchange import create
from vidset.datasets.versions.repository import Repository


def made(tmp_path, *command):
    done = vidset("dataset", *command, "-p", tmp_path / "here", "--json")
    assert done.code == 0, done.err
    return done.found["version"], Repository(tmp_path / "here" / "datasets").details(
        done.found["version"]
    )


def test_a_version_says_who_created_it(tmp_path):
    id_ = create(tmp_path, "v1", 8)
    details = Repository(tmp_path / "here" / "datasets").details(id_)
    assert details["actor"] == getpass.getuser()


def test_apply_and_fix_record_the_name_given_by_as(tmp_path):
    create(tmp_path, "v1", 8)
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text("transforms:\n- resize: {width: 8, height: 8}\n")
    _, applied = made(tmp_path, "apply", "v1", recipe, "--as", "Ada")
    assert applied["actor"] == "Ada"

    repository = Repository(tmp_path / "here" / "datasets")
    first = repository.manifest("v1").table["image_sha256"][0].as_py()
    fixes = tmp_path / "fixes.json"
    removal = {"image_sha256": first, "image_uri": "a.png", "action": "remove"}
    fixes.write_text(json.dumps({"version": repository.resolve("v1"), "fixes": [removal]}))
    _, fixed = made(tmp_path, "fix", "v1", fixes, "--as", "Grace")
    assert fixed["actor"] == "Grace"


def test_the_actor_is_no_part_of_the_id(tmp_path):
    create(tmp_path, "v1", 8)
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text("transforms:\n- resize: {width: 8, height: 8}\n")
    once, _ = made(tmp_path, "apply", "v1", recipe, "--as", "Ada")
    again, _ = made(tmp_path, "apply", "v1", recipe, "--as", "Grace")
    assert once == again


def test_a_name_that_is_none_is_refused_before_any_work(tmp_path):
    create(tmp_path, "v1", 8)
    done = vidset("dataset", "fix", "v1", "no.json", "--as", " ", "-p", tmp_path / "here")
    assert done.code == 2
    assert "--as: wanted a name" in done.err


def test_who_gave_and_moved_a_name_is_recorded_and_shown(tmp_path):
    first = create(tmp_path, "v1", 8)
    second = create(tmp_path, "v2", 10)
    there = ("-p", tmp_path / "here")
    assert vidset("dataset", "name", "best", "v1", "--as", "Ada", *there).code == 0
    moved = vidset("dataset", "name", "best", "v2", "--move", "--as", "Grace", "--json", *there)
    assert (moved.found["before"], moved.found["actor"]) == (first, "Grace")
    namings = Repository(tmp_path / "here" / "datasets").namings()
    assert [(each.name, each.version, each.before, each.actor) for each in namings[-2:]] == [
        ("best", first, None, "Ada"),
        ("best", second, first, "Grace"),
    ]
    shown = vidset("dataset", "show", "v2", *there)
    assert "named best by Grace, 20" in shown.out
    assert f"made by {getpass.getuser()}" in shown.out
    listed = vidset("dataset", "list", "--json", *there).found["versions"]
    assert {each["actor"] for each in listed} == {getpass.getuser()}


def test_who_pulled_a_name_is_recorded(tmp_path):
    id_ = create(tmp_path, "v1", 8)
    team, there = tmp_path / "team", tmp_path / "there"
    assert vidset("dataset", "push", "--to", team, "-p", tmp_path / "here").code == 0
    pulled = vidset("dataset", "pull", "--from", team, "-p", there, "--as", "Ada")
    assert pulled.code == 0, pulled.err
    [naming] = Repository(there / "datasets").namings()
    assert (naming.name, naming.version, naming.actor) == ("v1", id_, "Ada")


def test_a_name_that_is_given_again_is_recorded_once(tmp_path):
    create(tmp_path, "v1", 8)
    for _ in range(2):
        assert vidset("dataset", "name", "best", "v1", "-p", tmp_path / "here").code == 0
    namings = Repository(tmp_path / "here" / "datasets").namings()
    assert [each.name for each in namings] == ["v1", "best"]


def test_a_version_says_who_reviewed_it(tmp_path):
    create(tmp_path, "v1", 8)
    repository = Repository(tmp_path / "here" / "datasets")
    first = repository.manifest("v1").table["image_sha256"][0].as_py()
    removal = {"image_sha256": first, "image_uri": "a.png", "action": "remove"}
    fixes = {"version": repository.resolve("v1"), "actor": "Ada", "fixes": [removal]}
    (tmp_path / "fixes.json").write_text(json.dumps(fixes))
    id_, details = made(tmp_path, "fix", "v1", tmp_path / "fixes.json", "--as", "Grace")
    assert (details["fixes"]["actor"], details["actor"]) == ("Ada", "Grace")
    shown = vidset("dataset", "show", id_, "-p", tmp_path / "here")
    assert "made by Grace\nreviewed by Ada\n" in shown.out
