"""Python's garbage collector looks at what tests make, and not at the tests themselves."""

import gc


def test_garbage_is_searched_for_but_not_in_what_was_collected():
    assert gc.isenabled()
    assert gc.get_freeze_count() > 10_000
