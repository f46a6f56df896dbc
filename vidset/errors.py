"""The kinds of bad input. Whatever is raised here ends in the dead letters, never in a retry."""


class BadInputError(Exception):
    """The element itself is unusable: it goes to the dead letters, with its uri."""

    def __init__(self, reason: str, uri: str):
        super().__init__(reason, uri)  # All arguments, or workers cannot unpickle it.

    @property
    def reason(self) -> str:
        return self.args[0]

    @property
    def uri(self) -> str:
        return self.args[1]

    def __str__(self) -> str:
        return f"{self.uri}: {self.reason}"


class MalformedEventError(BadInputError):
    """A message on the upload topic is no Cloud Storage notification."""


class MissingUploadError(BadInputError):
    """The object (of this generation) is gone, or changed while it was read."""


class UndecodableVideoError(BadInputError):
    """There is no video stream, or not one of its frames decodes."""


class ExtractionError(RuntimeError):
    """An extraction ended before its work was done: a store or a ledger could not be used."""

    def __init__(self, reason: str, trace: str = ""):
        super().__init__(reason)
        self.trace = trace
