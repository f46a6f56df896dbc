"""What may come between a recording and its object."""

import ssl


class UploadFailedError(Exception):
    """This recording cannot be uploaded; others may."""


class SourceChangedError(UploadFailedError):
    """The recording is not what it was when it was first read: its object must not appear."""


class RefusedError(Exception):
    """The destination takes nothing from us: no such bucket, no permission, no credentials."""


class TransientError(Exception):
    """Network or server: the same may work later."""


class SessionGoneError(Exception):
    """What was sent so far is lost to the store: begin anew. Says why, if that is not known."""


class AlreadyThereError(Exception):
    """Somebody else finished an object of this name first."""


class Stopped(BaseException):  # No error, like KeyboardInterrupt: nothing may catch it as one.
    """SIGTERM or Ctrl-C. Raised wherever the program is; all that it leaves can be gone on from."""


def kind_of(error: BaseException) -> str:
    """Of what a client says of a connection: its type, and what is wrong with a certificate.

    Its own text may have the address of a session.
    """
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"{type(error).__name__}: {cause.verify_message}"
        cause = cause.__cause__ or cause.__context__
    return type(error).__name__
