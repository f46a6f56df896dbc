"""Probes in an HEVC stream change no picture, and what they tell of an intact one is: nothing."""

import random
import threading
from pathlib import Path

import av
import pytest
from av import logging as av_logging
from av.error import FFmpegError

from tests.chaos.counts import but, times
from tests.damaged import overwritten
from tests.decoded import samples
from tests.videos import ALIKE, HEVC_KINDS, INTACT, video
from vidset.video.hevc.decoder import ProbedDecoder
from vidset.video.hevc.probes import Probes
from vidset.video.opening import set_up

_ALL = [name for name in INTACT if "hevc" in name] + list(HEVC_KINDS)
Planes = tuple[int | None, list[bytes]]


def decoded(path: Path, *, is_probed: bool) -> tuple[list[Planes], list[str | None]]:
    """Every frame with its time, and what is said of each packet."""
    frames, said = list[Planes](), list[str | None]()
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        set_up(stream.codec_context, is_strict=False)
        decoder = ProbedDecoder(stream.codec_context) if is_probed else None
        for packet in container.demux(stream):
            if decoder is None:
                shown, wrong = stream.codec_context.decode(packet), None
            else:
                shown, wrong = decoder.decode(packet if packet.size else None)
            said.append(wrong)
            frames += [(each.pts, [bytes(plane) for plane in each.planes]) for each in shown]
    return frames, said


@pytest.mark.parametrize("name", but(ALIKE & set(_ALL), _ALL))
def test_probes_change_no_picture_of_an_intact_video(name):
    plain, _ = decoded(video(name), is_probed=False)
    probed, said = decoded(video(name), is_probed=True)
    assert probed == plain
    assert len(plain) > 20
    assert set(said) == {None}


@pytest.mark.parametrize("name", list(HEVC_KINDS))
def test_each_picture_gets_probes(name):
    refused = 0
    with av.open(str(video(name))) as container:
        stream = container.streams.video[0]
        probes = Probes(stream.codec_context.extradata)
        for packet in container.demux(stream):
            if packet.size:
                data, told = probes.put_into(bytes(packet))
                refused += told.refused
                assert len(data) > packet.size + 4000
    has_no_second_block = name in (
        *("hevc_plain.mp4", "hevc_one_block.mp4", "hevc_slices_of_a_block.mp4"),
    )
    assert (refused == 0) == has_no_second_block


@times(40, 2000)
def test_damage_of_any_kind_raises_nothing_but_what_ffmpeg_raises(count, tmp_path):
    chance = random.Random(4)
    for number in range(count):
        path = video(chance.choice(["hevc_rows.mp4", "hevc_slices.mp4", "hevc_plain.mp4"]))
        data = bytearray(overwritten(path.read_bytes(), path.suffix, chance, places=2))
        # In the parameter sets, too, which the index of an MP4 holds.
        place = data.index(b"hvcC") + 4 + chance.randrange(120)
        data[place] ^= 1 << chance.randrange(8)
        hurt = tmp_path / f"{number}.mp4"
        hurt.write_bytes(data)
        try:
            frames, said = decoded(hurt, is_probed=True)
        except FFmpegError:
            continue
        assert len(said) > 0
        assert len(frames) <= 91
        hurt.unlink()


def test_what_an_application_wants_to_hear_of_ffmpeg_stays_its_own_choice(caplog):
    av_logging.set_level(av_logging.WARNING)
    try:
        assert samples(video("hevc_rows.mp4")).damage is None
        assert av_logging.get_level() == av_logging.WARNING
        assert av_logging.get_skip_repeated()
    finally:
        av_logging.set_level(None)
    assert samples(video("hevc_rows.mp4")).damage is None
    assert av_logging.get_level() is None
    assert not caplog.records


def test_threads_hear_their_own_decoders_alone(tmp_path):
    """As in a Beam worker, whose threads decode several videos at once."""
    path = video("hevc_rows.mp4")
    hurt = tmp_path / "hurt.mp4"
    hurt.write_bytes(overwritten(path.read_bytes(), path.suffix, random.Random(1), places=3))
    damage = dict[tuple[str, int], str | None]()

    def decode(each: Path, number: int) -> None:
        damage[each.name, number] = samples(each, 0.1).damage

    threads = [
        threading.Thread(target=decode, args=(each, number))
        for number in range(3)
        for each in (path, hurt, video("hevc_plain.mp4"))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wrong = {key: said for key, said in damage.items() if (said is None) == (key[0] == "hurt.mp4")}
    assert len(damage) == len(threads)
    assert not wrong
