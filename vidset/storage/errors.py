"""The errors of a store itself, rather than of what is in it."""


class StoreUnavailableError(RuntimeError):
    """The store does not answer now, or not to us. The same may work later."""


class StoreRefusedError(StoreUnavailableError):
    """The store answers, and refuses what it is asked for.

    Credentials are missing or not valid, a right is missing, or there is no such bucket. Until
    somebody changes that, the same is refused again.
    """

    is_lasting = True
