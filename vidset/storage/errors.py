"""The errors of a store itself, rather than of what is in it."""


class StoreUnavailableError(RuntimeError):
    """The store does not answer now, or not to us. The same may work later."""
