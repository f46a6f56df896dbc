"""Finds out what a link can carry at once: some hold bytes back for too long."""

from dataclasses import dataclass

LARGEST_PIECE_BYTES = 1 << 40  # So much as a store takes at once.
_FIRST_SMALLER_BYTES = 1 << 20
_SMALLEST_PIECE_BYTES = 256 << 10
_TIMEOUT_SECONDS = 60.0
_LONGEST_TIMEOUT_SECONDS = 480.0


@dataclass(frozen=True, slots=True)
class Link:
    """Says how much is sent at once, and how long an answer may take."""

    piece_bytes: int = LARGEST_PIECE_BYTES
    timeout_seconds: float = _TIMEOUT_SECONDS

    def slower(self) -> "Link":
        """The link after a timeout: smaller pieces, and a longer wait."""
        piece = min(self.piece_bytes // 2, _FIRST_SMALLER_BYTES)
        timeout = min(2 * self.timeout_seconds, _LONGEST_TIMEOUT_SECONDS)
        return Link(max(piece, _SMALLEST_PIECE_BYTES), timeout)
