"""What can be wrong with a store itself, rather than with what is in it."""


class StoreUnavailableError(RuntimeError):
    """The store does not answer now, or not to us. The same may work later."""
