import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidset.labeling.limits import Limit, parse_limits


@pytest.mark.parametrize(
    ("text", "limits"),
    [
        pytest.param("", (), id="none"),
        pytest.param(" , ,", (), id="commas"),
        pytest.param("500 tasks/day", (Limit(500.0, "tasks", per_day=True),), id="tasks a day"),
        pytest.param("1 task", (Limit(1.0, "tasks", per_day=False),), id="one task"),
        pytest.param("0 tasks", (Limit(0.0, "tasks", per_day=False),), id="a stop"),
        pytest.param("100.5usd/day", (Limit(100.5, "USD", per_day=True),), id="no space"),
        pytest.param(
            "500 tasks/day, 20000 Tasks,100 EUR/day, 0.000001 eur",
            (
                Limit(500.0, "tasks", per_day=True),
                Limit(20000.0, "tasks", per_day=False),
                Limit(100.0, "EUR", per_day=True),
                Limit(0.000001, "EUR", per_day=False),
            ),
            id="all kinds",
        ),
    ],
)
def test_limits_are_read_from_a_list(text, limits):
    assert parse_limits(text) == limits


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param("500", "got '500'", id="no unit"),
        pytest.param("tasks", "got 'tasks'", id="no amount"),
        pytest.param("-1 tasks", "got '-1 tasks'", id="negative"),
        pytest.param("1e3 tasks", "got '1e3 tasks'", id="exponent"),
        pytest.param("nan USD", "got 'nan USD'", id="no number"),
        pytest.param("1,000 tasks", "got '1'", id="comma in a number"),
        pytest.param("5 tasks/hour", "got '5 tasks/hour'", id="other period"),
        pytest.param("5 tasks\n6", "got '5 tasks", id="line break"),
        pytest.param("\u0665 tasks", "got '\u0665 tasks'", id="other digits"),
        pytest.param("9" * 400 + " tasks", "got '999", id="beyond all numbers"),
        pytest.param("1.5 tasks", "wanted whole tasks, got '1.5 tasks'", id="part of a task"),
        pytest.param("1 USD, 2 EUR/day", "one currency, the price's, got EUR and USD", id="two"),
        pytest.param("1 task, 2 tasks", "two limits of one kind in '1 task, 2 tasks'", id="twice"),
    ],
)
def test_a_limit_that_is_not_understood_is_told(text, reason):
    with pytest.raises(ValueError) as raised:  # noqa: PT011
        parse_limits(text)
    assert reason in str(raised.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param("20000 tasks", "20000 tasks", id="tasks"),
        pytest.param("1234567 tasks/day", "1234567 tasks/day", id="seven digits"),
        pytest.param("0.1 usd/day", "0.1 USD/day", id="cents"),
    ],
)
def test_a_limit_is_told_as_it_was_given(text, told):
    assert [str(limit) for limit in parse_limits(text)] == [told]


@given(
    st.integers(0, 10**9 - 1),
    st.integers(0, 999_999),
    st.sampled_from(["tasks", "USD"]),
    st.booleans(),
)
def test_a_limit_as_text_is_the_same_limit(whole, millionths, unit, per_day):
    amount = float(whole) if unit == "tasks" else float(f"{whole}.{millionths:06}")
    limit = Limit(amount, unit, per_day)
    if amount == 0 or amount >= 1e-4:  # Below, Python writes an exponent.
        assert parse_limits(str(limit)) == (limit,)


@given(st.text(st.characters()))
def test_any_text_gives_limits_or_a_reason(text):
    try:
        limits = parse_limits(text)
    except ValueError as error:
        assert str(error)  # noqa: PT017
    else:
        assert all(0 <= limit.amount < 1e15 for limit in limits)
