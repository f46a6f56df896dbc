import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as some

from vidset.datasets.versions.canonical import to_json
from vidset.datasets.versions.json_lines import json_lines

SCHEMA = pa.schema([("text", pa.string()), ("a name", pa.int32()), ("share", pa.float64())])
TEXTS = some.text(some.characters(exclude_categories=["Cs"])) | some.none()
ROWS = some.lists(
    some.fixed_dictionaries(
        {
            "text": TEXTS | some.sampled_from(['a "b" \\', "\x00\n\t", "Straße 说", "\x7f\u2028"]),
            "a name": some.integers(-(2**31), 2**31 - 1) | some.none(),
            "share": some.floats(allow_nan=False, allow_infinity=False) | some.none(),
        }
    )
)


def by_rows(rows):
    return "".join(to_json(row) + "\n" for row in rows).encode()


@given(ROWS)
def test_columns_give_the_text_that_rows_give(rows):
    assert bytes(json_lines(pa.RecordBatch.from_pylist(rows, SCHEMA))) == by_rows(rows)


def test_a_part_of_a_batch_gives_its_own_rows():
    rows = [{"text": f"row {n}", "a name": n, "share": n / 7} for n in range(10)]
    batch = pa.RecordBatch.from_pylist(rows, SCHEMA).slice(3, 4)
    assert bytes(json_lines(batch)) == by_rows(rows[3:7])
