"""Memory that is free, and that the C library keeps for later."""

import ctypes


def give_back() -> None:
    """Return to the system what the C library keeps of freed memory, if it knows how.

    Reading a long video's index frees as much as it keeps, in pieces between what is kept. They
    would stay with the process for as long as it lives. It takes a millisecond or two.
    """
    if trim := getattr(ctypes.CDLL(None), "malloc_trim", None):  # The GNU C library has it.
        trim(0)
