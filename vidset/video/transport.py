"""Tells whether an MPEG transport stream is scrambled, which its demuxer does not tell.

Each packet of 188 bytes says so of itself (ISO/IEC 13818-1, transport_scrambling_control).
"""

from collections import Counter
from typing import BinaryIO

_SYNC = 0x47
# Between the starts of two packets, and before the first: plain, with time codes, with parity.
_LAYOUTS = ((188, 0), (192, 4), (204, 0))
_READ_BYTES = 4 << 20


def is_scrambled(file: BinaryIO) -> bool:
    """Returns whether most packets of the largest stream at the start of a file are scrambled.

    False of a file that is no transport stream.
    """
    file.seek(0)
    data = file.read(_READ_BYTES)
    for step, start in _LAYOUTS:
        packets = range(start, len(data) - 187, step)
        if len(packets) >= 3 and all(data[place] == _SYNC for place in packets[:3]):
            break
    else:
        return False
    clear, scrambled = Counter[int](), Counter[int]()
    for place in packets:
        flags = data[place + 3]
        if data[place] != _SYNC or not flags & 0x10:  # It carries nothing.
            continue
        stream = (data[place + 1] & 0x1F) << 8 | data[place + 2]
        (scrambled if flags & 0xC0 else clear)[stream] += 1
    largest = max((clear + scrambled).items(), key=lambda pair: pair[1], default=(0, 0))[0]
    return scrambled[largest] > clear[largest]
