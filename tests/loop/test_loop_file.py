"""What a loop's file may say, and what each mistake in one is called."""

import pytest

from vidset.cli.loop import check_command
from vidset.loop.loop_file import read_loop, words_of


def read(tmp_path, text: str):
    path = tmp_path / "loop.yaml"
    path.write_text(text)
    return read_loop(path, check_command)


def test_options_are_words_of_a_command_line():
    options = {"seeds": "1-3", "epochs": 15, "allow-leaks": True, "full": False, "tag": ["a", "b"]}
    assert words_of(options) == (
        *("--seeds", "1-3", "--epochs", "15", "--allow-leaks"),
        *("--tag", "a", "--tag", "b"),
    )


def test_a_whole_file_is_read(tmp_path):
    loop = read(
        tmp_path,
        """
data: {create: {sources: [coco:labels.json], group-by: video, near-distance: 4}}
recipe: recipe.yaml
check: {fatal: true}
statistics: true
train: {seeds: 1-3, epochs: 15}
baseline: v0
evaluate: {split: validation, floor: 0.6, no-worse-than: [best, v0-1]}
errors: {top: 100}
publish: {name: current, to: gs://example/roads}
""",
    )
    assert (loop.folder, loop.data, loop.source) == (tmp_path, "create", ("coco:labels.json",))
    assert loop.data_options == ("--group-by", "video", "--near-distance", "4")
    assert (loop.recipe, loop.check, loop.statistics) == ("recipe.yaml", ("--fatal",), ())
    assert loop.train == ("--seeds", "1-3", "--epochs", "15")
    assert loop.evaluate == ("--split", "validation")
    assert loop.gate == ("--floor", "0.6", "--no-worse-than", "best", "--no-worse-than", "v0-1")
    assert (loop.baseline, loop.errors) == ("v0", ("--top", "100"))
    assert (loop.publish_name, loop.publish_to) == ("current", "gs://example/roads")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("data: {version: v0}\ntrian: {}", "Did you mean 'train'", id="section"),
        pytest.param("recipe: r.yaml", "data: wanted one of create, pull, version", id="no data"),
        pytest.param(
            "data: {version: v0, create: {}}", "data: wanted one of create", id="two ways"
        ),
        pytest.param("data: {create: {group: video}}", "data: create: No such option", id="option"),
        pytest.param(
            "data: {version: v0}\ntrain: {epochs: many}",
            "train: Invalid value for '--epochs'",
            id="value",
        ),
        pytest.param(
            "data: {version: v0}\ntrain: {place: elsewhere}",
            "train: wanted no place: the loop sets it",
            id="place",
        ),
        pytest.param(
            "data: {version: v0}\nevaluate: {floor: 0.5}",
            "evaluate: wanted train beside it",
            id="nothing trained",
        ),
        pytest.param(
            "data: {version: v0}\ntrain: 3", "train: wanted options such as {seeds: 1-3}", id="kind"
        ),
        pytest.param(
            "data: {version: v0}\npublish: {remote: x}", "publish: wanted name, to", id="publish"
        ),
        pytest.param("data: {version: v0}\npublish: {name: ''}", "wanted a text", id="no name"),
        pytest.param("- data", "the loop: wanted options", id="a list"),
        pytest.param("data: {create: {}}\ndata: {create: {}}", "twice", id="twice"),
    ],
)
def test_a_mistake_is_named_with_its_file_and_section(tmp_path, text, said):
    with pytest.raises(ValueError, match=r"loop\.yaml") as refused:
        read(tmp_path, text)
    assert said in str(refused.value)


def test_pull_takes_a_version_and_where_it_comes_from(tmp_path):
    loop = read(tmp_path, "data: {pull: v3, from: s3://example/roads}")
    assert (loop.data, loop.source) == ("pull", ("v3",))
    assert loop.data_options == ("--from", "s3://example/roads")
