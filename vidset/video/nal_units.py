"""Takes packets of H.264 and HEVC apart into NAL units (ITU-T H.264 and H.265, annex B)."""

from collections.abc import Iterator

START = b"\0\0\1"


def nal_units(packet: bytes, length_bytes: int) -> Iterator[bytes]:
    """Yield the NAL units of a packet.

    Args:
        length_bytes: of the length before each unit (ISO/IEC 14496-15); 0: they have start codes.
    """
    if not length_bytes:
        first, *others = packet.split(START)
        if not first.strip(b"\0"):
            yield from (each.rstrip(b"\0") for each in others)
        return
    place = 0
    while place + length_bytes <= len(packet):
        begin = place + length_bytes
        place = begin + int.from_bytes(packet[place:begin])
        yield packet[begin:place]
