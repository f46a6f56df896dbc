"""An encrypted video is called so, and gives no image, whatever its container."""

import av
import pytest

from tests.drawing import write_video
from vidset.errors import UndecodableVideoError
from vidset.video.decoding import Video


def remuxed(source, target, **options):
    with av.open(str(source)) as before, av.open(str(target), "w", options=options) as after:
        stream = after.add_stream_from_template(before.streams.video[0])
        for packet in before.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                after.mux(packet)
    return target


def scrambled(path):
    """The packets of the first elementary stream say that they are scrambled."""
    data = bytearray(path.read_bytes())
    for place in range(0, len(data), 188):
        if data[place + 1] & 0x1F == 0x01 and data[place + 2] == 0x00:
            data[place + 3] |= 0x80
            data[place + 188 - 150 : place + 188] = bytes(range(150))
    path.write_bytes(data)


def element(kind, contents):
    return kind + (1 << 56 | len(contents)).to_bytes(8) + contents


def encrypted(path):
    """The only track says that its contents are encrypted (RFC 9559, ContentEncryption)."""
    data = path.read_bytes()
    tracks = data.rindex(bytes.fromhex("1654AE6B"))  # The seek head names it, too.
    width = 9 - data[tracks + 4].bit_length()
    length = int.from_bytes(data[tracks + 4 : tracks + 4 + width]) & ((1 << 7 * width) - 1)
    start = tracks + 4 + width
    contents = data[start : start + length]
    entry = contents.index(b"\xae")
    entry_width = 9 - contents[entry + 1].bit_length()
    inside = contents[entry + 1 + entry_width :]
    encryption = element(bytes.fromhex("5035"), bytes.fromhex("47E18105"))  # AES
    encoding = element(bytes.fromhex("6240"), bytes.fromhex("5033810150318101") + encryption)
    inside += element(bytes.fromhex("6D80"), encoding)
    new = element(bytes.fromhex("1654AE6B"), contents[:entry] + element(b"\xae", inside))
    path.write_bytes(data[:tracks] + new + data[start + length :])


@pytest.mark.parametrize(
    ("name", "options", "encrypt"),
    [("a.ts", {}, scrambled), ("a.mkv", {"live": "1", "write_crc32": "0"}, encrypted)],
    ids=["MPEG-TS", "Matroska"],
)
def test_an_encrypted_video_is_called_so(tmp_path, name, options, encrypt):
    path = remuxed(write_video(tmp_path / "a.mp4", [0, 1]), tmp_path / name, **options)
    with Video(str(path), "clear"):
        pass
    encrypt(path)
    with pytest.raises(UndecodableVideoError, match="the video is encrypted"):
        Video(str(path), "encrypted")
