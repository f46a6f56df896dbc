import resource
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidset import labeling
from vidset.labeling.template import Attribute, Label, Template, parse_template, read_template

SHIPPED = Path(labeling.__path__[0]) / "template.yaml"
LABELS = "labels: [{name: car}]\n"


def fault(text: str) -> str:
    with pytest.raises(ValueError) as raised:  # noqa: PT011
        parse_template(text, "t.yaml")
    assert str(raised.value).startswith(("t.yaml is no ", "t.yaml: wanted a task template"))
    return str(raised.value)


def test_the_shipped_template_is_valid():
    template = read_template(SHIPPED)
    names = ["car", "truck", "bus", "bicycle", "motorcycle", "person"]
    assert template.name == "road users"
    assert [label.name for label in template.labels] == names
    assert {(label.type, label.min_width, label.min_height) for label in template.labels} == {
        ("box", 8, 8)
    }
    assert template.attributes == ()


def test_a_template_has_defaults():
    assert parse_template("name: x\n" + LABELS, "t.yaml") == Template(
        name="x", labels=(Label(name="car", type="box", min_width=1, min_height=1),)
    )


def test_every_field_is_read():
    template = parse_template(
        """
        name: " Straße 日本 "
        instruction: |
          Mark it.
        labels:
          - {name: 車 😀, type: polygon, min_width: 2.5, description: d, color: "#00ffAA"}
          - {name: rain, type: classification}
        attributes:
          - {name: colour, choices: [red, blue], many: true, required: true, labels: [車 😀]}
        scale: {project: p, batch: b, priority: 30, params: {padding: 5}}
        label_studio: {project: q, annotators_per_image: 2, config: "<View/>"}
        """,
        "t.yaml",
    )
    assert template.name == "Straße 日本"
    assert template.instruction == "Mark it.\n"
    assert template.label("車 😀") == Label(
        name="車 😀", type="polygon", min_width=2.5, description="d", color="#00ffAA"
    )
    assert template.label("car") is None
    assert template.attributes == (
        Attribute(
            name="colour", choices=("red", "blue"), many=True, required=True, labels=("車 😀",)
        ),
    )
    assert template.scale.params == {"padding": 5}
    assert template.label_studio.annotators_per_image == 2


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param("", "the file: Input should be a valid dictionary", id="empty"),
        pytest.param("# nothing\n", "the file: Input should be a valid dictionary", id="comment"),
        pytest.param("[1, 2]", "got '[1, 2]'", id="list"),
        pytest.param("road users", "got 'road users'", id="text"),
        pytest.param(LABELS, "name: Field required", id="no name"),
        pytest.param("name: x", "labels: Field required", id="no labels"),
        pytest.param("name: x\nlabels: []", "labels: Tuple should have at least 1", id="none"),
        pytest.param("name: ' '\n" + LABELS, "name: String should have at least 1", id="blank"),
        pytest.param(
            f"name: {'x' * 101}\n" + LABELS, "name: String should have at most", id="long"
        ),
        pytest.param("name: 7\n" + LABELS, "name: Input should be a valid string", id="number"),
        pytest.param(
            "name: x\nlabels: [{name: no}]",
            "labels.0.name: Input should be a valid string",
            id="no",
        ),
        pytest.param(
            "name: x\nlabels: [{name: a}, {name: b, type: circle}]", "labels.1.type", id="type"
        ),
        pytest.param(
            "name: x\nlabels: [{name: a, min_width: -1}]", "labels.0.min_width", id="negative"
        ),
        pytest.param(
            "name: x\nlabels: [{name: a, min_height: .inf}]", "labels.0.min_height", id="infinite"
        ),
        pytest.param(
            "name: x\nlabels: [{name: a, min_height: .nan}]", "labels.0.min_height", id="nan"
        ),
        pytest.param("name: x\nlabels: [{name: a, color: red}]", "labels.0.color", id="color"),
        pytest.param("name: x\nlabel: []\n" + LABELS, "label: Extra inputs", id="unknown field"),
        pytest.param(
            "name: x\nlabels: [{name: a}, {name: ' a '}]",
            "each label must be named once, got twice: ['a']",
            id="label twice",
        ),
        pytest.param(
            f"name: x\n{LABELS}attributes: [{{name: c, choices: [r]}}, {{name: c, choices: [r]}}]",
            "each attribute must be named once, got twice: ['c']",
            id="attribute twice",
        ),
        pytest.param(
            f"name: x\n{LABELS}attributes: [{{name: c, choices: [r, r]}}]",
            "attributes.0.choices: Value error, each choice must be named once",
            id="choice twice",
        ),
        pytest.param(
            f"name: x\n{LABELS}attributes: [{{name: c, choices: []}}]",
            "attributes.0.choices",
            id="no choices",
        ),
        pytest.param(
            f"name: x\n{LABELS}attributes: [{{name: c, choices: [r], labels: [bus]}}]",
            "attribute 'c' is of unknown labels: ['bus']",
            id="unknown label",
        ),
        pytest.param(
            f"name: x\n{LABELS}label_studio: {{annotators_per_image: 0}}",
            "label_studio.annotators_per_image",
            id="no annotator",
        ),
        pytest.param('name: "\\ud800"\n' + LABELS, "name", id="lone surrogate"),
        pytest.param("name: [", "wanted a task template in YAML: while parsing", id="no YAML"),
        pytest.param("name: \0", "in YAML: unacceptable character", id="NUL"),
        pytest.param("name: 2024-13-45\n" + LABELS, "month must be in 1..12", id="no date"),
        pytest.param("name: !!bool x\n" + LABELS, "wanted a task template in YAML", id="wrong tag"),
        pytest.param("a: !!python/name:os.system", "could not determine", id="python tag"),
        pytest.param("[" * 100_000, "got one nested too deep", id="deep"),
        pytest.param(
            "name: x\nlabels: [{name: a}]\nlabels: [{name: b}]",
            "each key must be given once, got 'labels' twice",
            id="key twice",
        ),
        pytest.param("name: &n x\nlabels: [{name: *n}]", "an alias is not allowed", id="alias"),
        pytest.param("name: x\nlabels: &l [*l]", "an alias is not allowed", id="alias of itself"),
    ],
)
def test_a_fault_is_told_with_its_place(text, told):
    assert told in fault(text)


def test_all_faults_are_told_at_once():
    text = "name: 7\nlabels: [{name: a}, {name: b, type: x}, {nam: c}]\nattributes: 3"
    places = [line.split(":")[0].strip() for line in fault(text).splitlines()[1:]]
    assert places == ["name", "labels.1.type", "labels.2.name", "labels.2.nam", "attributes"]


def test_a_fault_in_a_long_text_is_told_in_a_few_words():
    assert len(fault(f"name: x\nlabels: {'x' * 1_000_000}")) < 300


def test_a_small_file_takes_little_memory_whatever_it_repeats(tmp_path):
    """Each line has nine times the one before: 3 GB in 400 bytes."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    for number in range(1, 9):
        lines.append(f"a{number}: &a{number} [{', '.join([f'*a{number - 1}'] * 9)}]")
    bomb = tmp_path / "bomb.yaml"
    bomb.write_text("\n".join([*lines, "name: x", "labels: *a8"]))
    program = (
        "import sys; from vidset.labeling.template import read_template\n"
        "try: read_template(sys.argv[1])\n"
        "except ValueError as error: print(error)"
    )
    limit = 1 << 30
    done = subprocess.run(
        [sys.executable, "-c", program, str(bomb)],
        capture_output=True,
        text=True,
        timeout=600,
        cwd=Path(labeling.__path__[0]).parents[1],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)),
        check=True,
    )
    assert "an alias is not allowed" in done.stdout


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    for path, reason in (
        (tmp_path / "none.yaml", "No such file"),
        (tmp_path, "Is a directory"),
        (tmp_path / "latin.yaml", "as a text in UTF-8, got byte 0xdf"),
    ):
        if path.name == "latin.yaml":
            path.write_bytes(b"name: Stra\xdfe")
        with pytest.raises(ValueError, match=f"{path}: wanted a task template") as raised:
            read_template(path)
        assert reason in str(raised.value)


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["name", "labels", "type", "attributes", "choices", "scale", "params"]),
            inner,
        )
    ),
)


@given(st.text(st.characters()) | plain.map(repr))
def test_any_text_gives_a_template_or_a_reason(text):
    try:
        template = parse_template(text, "t.yaml")
    except ValueError as error:
        assert str(error).startswith(("t.yaml is no ", "t.yaml: wanted a task"))  # noqa: PT017
    else:
        assert template.labels
