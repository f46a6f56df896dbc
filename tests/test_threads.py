from threading import Event

import pytest

from vidset.threads import in_order


def test_results_come_in_the_order_of_the_items_whichever_is_ready_first():
    second_is_done = Event()

    def work(item: int) -> int:
        if item == 0:
            assert second_is_done.wait(600)
        elif item == 1:
            second_is_done.set()
        return item * 10

    assert list(in_order(work, range(20), threads=2)) == [item * 10 for item in range(20)]


def test_no_more_items_are_taken_than_twice_the_threads_before_a_result_is_asked_for():
    taken = []
    items = (taken.append(item) or item for item in range(1000))
    results = in_order(lambda item: item, items, threads=2)
    assert next(results) == 0
    assert len(taken) <= 4
    results.close()
    assert len(taken) <= 4


def test_what_the_work_raises_reaches_the_caller():
    with pytest.raises(ZeroDivisionError):
        list(in_order(lambda item: 1 // item, [1, 0], threads=2))
