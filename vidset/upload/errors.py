"""The errors that may come between a recording and its object."""

import ssl

from vidset.upload.identity import Identity


class UploadFailedError(Exception):
    """This recording cannot be uploaded; others may."""


class GaveUpError(UploadFailedError):
    """Network or server did not take it for long enough; the same may work later."""


class SourceChangedError(UploadFailedError):
    """The recording is not what it was when it was first read: its object must not appear."""


class NotSettledError(Exception):
    """A recorder may still go on with this recording: it has to be seen unchanged for longer.

    Attributes:
        identity: what it is now.
        seconds: for how long it has to stay so.
    """

    def __init__(self, identity: Identity, seconds: float):
        super().__init__(identity, seconds)
        self.identity, self.seconds = identity, seconds


class StaleDigestsError(SourceChangedError):
    """The remembered checksums are not those of the file's bytes: it has to be read again."""


class RefusedError(Exception):
    """The destination does not take this: no permission, no such bucket, no credentials.

    Attributes:
        is_final: it takes nothing at all, whatever is sent: no other recording needs to be tried.
    """

    def __init__(self, reason: str, *, is_final: bool = False):
        super().__init__(reason)
        self.is_final = is_final


class TransientError(Exception):
    """Network or server: the same may work later.

    Attributes:
        is_answer: the store itself said so, and the connection works.
    """

    def __init__(self, reason: str, *, is_answer: bool = False):
        super().__init__(reason)
        self.is_answer = is_answer


class TimedOutError(TransientError):
    """The store did not answer in time: the link is slow, or something on it holds bytes back."""


class SessionGoneError(Exception):
    """The store has lost what was sent so far: begin again. Says why, if that is not known."""


class SessionRefusedError(SessionGoneError):
    """The store does not let us go on with this upload. A new one may be taken, or refused too."""


class AlreadyThereError(Exception):
    """Somebody else finished an object of this name first."""


class Stopped(BaseException):  # No error, like KeyboardInterrupt: nothing may catch it as one.
    """SIGTERM or Ctrl-C. Raised wherever the program is; all that it leaves can be gone on from."""


def kind_of(error: BaseException) -> str:
    """Name what a client says of a connection: its type, and what is wrong with a certificate.

    Its own text may have the address of a session.
    """
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"{type(error).__name__}: {cause.verify_message}"
        cause = cause.__cause__ or cause.__context__
    return type(error).__name__
