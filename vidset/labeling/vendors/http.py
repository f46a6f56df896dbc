"""Says what a vendor's HTTP statuses mean."""

from datetime import UTC
from email.utils import parsedate_to_datetime

from vidset.labeling.errors import RefusedError, TryAgainError, without_signatures
from vidset.labeling.timestamps import now

# Of what a proxy says in the vendor's place: a whole page, at worst.
_LONGEST_MESSAGE = 1000
# A wrong clock or a wrong unit must not put a task off for ever.
_LONGEST_WAIT_SECONDS = 86_400.0
# A wrong key, an unpaid bill: no task is at fault, and all would fail until a person sees to it.
_NOT_THE_TASK = {401, 402, 403}
_PAUSE_SECONDS = 300.0
# The 4xx that may not come another time. A caller that knows what conflicts handles 409 first.
_TRY_AGAIN = {408, 409, 425, 429}


def retry_after_seconds(value: str | None) -> float | None:
    """The wait that a Retry-After header asks for, a day at most.

    It is seconds or an HTTP date; None for no header and for one that is neither.
    """
    text = (value or "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text), _LONGEST_WAIT_SECONDS)
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, OverflowError, IndexError, TypeError):  # Whatever its parser trips over.
        return None
    wait = (date.replace(tzinfo=date.tzinfo or UTC) - now()).total_seconds()
    return min(max(wait, 0.0), _LONGEST_WAIT_SECONDS)


def raise_for_status(status: int, retry_after: str | None, message: str) -> None:
    """Raise unless `status` is a 2xx. Signatures are taken out of `message`, and it is cut short.

    Args:
        retry_after: the response's header.
        message: what was asked for and what the vendor says, in its words.

    Raises:
        RefusedError: a 4xx that no repetition changes.
        TryAgainError: anything else, 408, 409, 425 and 429 included; in five minutes for a key
            that is not accepted (401, 402, 403).
    """
    if 200 <= status < 300:
        return
    reason = f"HTTP {status}: {shortened(message)}"
    if status in _NOT_THE_TASK:
        raise TryAgainError(reason, _PAUSE_SECONDS)
    if 400 <= status < 500 and status not in _TRY_AGAIN:
        raise RefusedError(reason)
    raise TryAgainError(reason, retry_after_seconds(retry_after))


def shortened(message: str) -> str:
    """`message` without signatures, then cut: half a signed url would not be known as one."""
    text = without_signatures(message).strip()
    return text if len(text) <= _LONGEST_MESSAGE else text[:_LONGEST_MESSAGE] + "..."
