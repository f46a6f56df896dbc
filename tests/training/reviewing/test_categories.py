import pytest

from vidset.datasets.errors import DatasetError
from vidset.training.reviewing.categories import DEFAULT, REMEDIES, Category, read_categories


def test_categories_come_from_a_file_of_your_own(tmp_path):
    path = tmp_path / "c.yaml"
    path.write_text("categories:\n- {name: junk, remedy: remove}\n- {name: dim, remedy: collect}\n")
    assert read_categories(path) == (Category("junk", "remove"), Category("dim", "collect"))


def test_the_given_categories_have_each_remedy():
    assert {category.remedy for category in DEFAULT} == set(REMEDIES)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param("[", "wanted categories in YAML", id="broken"),
        pytest.param("categories: []\ncategories: []", "got .categories. twice", id="a key twice"),
        pytest.param("- a", "wanted categories, a list", id="a list"),
        pytest.param("categories: []", "wanted categories, a list", id="none"),
        pytest.param("categories: [{name: a}]", "a: wanted remedy relabel, ", id="no remedy"),
        pytest.param("categories: [{remedy: remove}]", "category 1: wanted a name", id="no name"),
        pytest.param(
            "categories: [{name: a, remedy: remove, colour: red}]", "wanted name, rem", id="more"
        ),
        pytest.param(
            "categories: [{name: a, remedy: remove}, {name: a, remedy: relabel}]",
            "each once",
            id="twice",
        ),
        pytest.param(
            f"categories: [{', '.join(f'{{name: n{i}, remedy: remove}}' for i in range(10))}]",
            "up to 9 categories",
            id="too many",
        ),
    ],
)
def test_a_file_that_holds_no_categories_says_why(tmp_path, text, reason):
    path = tmp_path / "c.yaml"
    path.write_text(text)
    with pytest.raises(DatasetError, match=reason) as raised:
        read_categories(path)
    assert "c.yaml" in str(raised.value)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(DatasetError, match=r"none\.yaml: wanted categories in YAML: No such"):
        read_categories(tmp_path / "none.yaml")
