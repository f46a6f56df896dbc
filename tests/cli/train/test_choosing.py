import pytest

from tests.training.scoring.runs import make_version
from vidset.cli.train.choosing import choose_version, parse_seeds
from vidset.datasets.errors import DatasetError
from vidset.datasets.versions.repository import Repository


@pytest.mark.parametrize(
    ("text", "seeds"), [("1", (1,)), ("1-3", (1, 2, 3)), ("7,1-2", (7, 1, 2)), (" 4 , 5 ", (4, 5))]
)
def test_seeds_are_read(text, seeds):
    assert parse_seeds(text) == seeds


@pytest.mark.parametrize("text", ["", "a", "1-", "-1", "1,1", "3-1", "1-2,2"])
def test_other_texts_are_no_seeds(text):
    with pytest.raises(DatasetError, match="--seeds: wanted"):
        parse_seeds(text)


def test_the_newest_version_is_chosen_and_named_on_stderr(tmp_path, capsys):
    repository = Repository(tmp_path)
    with pytest.raises(
        DatasetError, match="there is no version yet: vidset dataset create makes one"
    ):
        choose_version(repository, None)
    made = make_version(tmp_path, [{"uri": "0.png", "label": "a"}])
    assert choose_version(repository, None) == made.id[:12]
    repository.name_version("v0", made.id)
    assert choose_version(repository, None) == "v0"
    assert choose_version(repository, made.id) == made.id[:12]
    assert capsys.readouterr().err.splitlines()[-1] == "version v0, the newest"
