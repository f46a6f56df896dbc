"""The demo's drive as pictures, frame by frame, and as a video."""

import os
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import av
import cv2
import numpy as np

from vidset.demo.landscape import SIGHT, Ground, Sky, landmarks
from vidset.demo.scene import STOPS, Box, Mover, Scene
from vidset.demo.sprites import Sprite, car_across, car_along, person

_NOISE_LEVELS = 8  # Of the sensor, to be seen while the camera stands still.
_FADE_METRES = 35.0  # Things come out of the haze over so many metres.
_CHANGE_SECONDS = 0.4  # How long it takes to become dark or blurred, and light or sharp again.
_PAINTS = ((178, 40, 44), (214, 214, 210), (36, 74, 140), (226, 104, 38), (196, 150, 40))
_STRIDES = 6
_AHEAD = 16  # Frames.


class Renderer:
    """Renders a scene's frames. Each depends on its number alone: make them in any order."""

    def __init__(self, scene: Scene):
        self._scene = scene
        rng = np.random.default_rng(scene.seed)
        self._ground, self._sky = Ground(scene, rng), Sky(scene, rng)
        self._landmarks = landmarks(scene, rng)
        shape = scene.height + 64, scene.width + 64
        noise = rng.integers(-_NOISE_LEVELS, _NOISE_LEVELS + 1, shape, dtype=np.int16)
        self._brighter, self._darker = (
            cv2.cvtColor(np.maximum(part, 0).astype(np.uint8), cv2.COLOR_GRAY2RGB)
            for part in (noise, -noise)
        )
        self._headlights = _headlights(scene)
        self._sprites: dict[tuple, Sprite] = {}

    def frame(self, number: int) -> np.ndarray:
        """(height, width, 3) uint8 RGB."""
        scene = self._scene
        seconds = number / scene.fps
        distance = scene.distance_at(seconds)
        frame = np.empty((scene.height, scene.width, 3), np.uint8)
        self._sky.draw(frame, distance)
        self._ground.draw(frame, distance)
        for ahead, box, sprite in self._things(seconds, distance):
            sprite.draw(frame, box, min(1.0, (SIGHT - ahead) / _FADE_METRES))
        for kind, effect in (("dark", self._darken), ("blurred", self._blur)):
            strength = self._strength(kind, seconds)
            if strength > 0:
                frame = cv2.addWeighted(effect(frame), strength, frame, 1 - strength, 0)
        return self._add_noise(frame, number) if scene.span_at(seconds).kind in STOPS else frame

    def _things(self, seconds: float, distance: float) -> list[tuple[float, Box, Sprite]]:
        """The farthest first."""
        things = [
            (ahead, box, self._sprite(mover, seconds))
            for mover, box, ahead in self._scene.boxes_at(seconds)
            if ahead < SIGHT
        ]
        for one in self._landmarks:
            ahead = one.along - distance
            if 4 < ahead < SIGHT:
                things.append(
                    (ahead, self._scene.box(one.x, ahead, one.width, one.height), one.sprite)
                )
        return sorted(things, key=lambda thing: -thing[0])

    def _sprite(self, mover: Mover, seconds: float) -> Sprite:
        stride = round(mover.stride(seconds) * _STRIDES) if mover.look == "walking" else 0
        key = mover, stride
        if key not in self._sprites:
            paint = _PAINTS[self._scene.movers.index(mover) % len(_PAINTS)]
            if mover.look == "walking":
                sprite = person(paint, stride / _STRIDES)
            elif mover.look == "side":
                sprite = car_across(paint)
            else:
                sprite = car_along(paint, is_rear=mover.look == "rear")
            self._sprites[key] = sprite.mirrored() if mover.is_leftward else sprite
        return self._sprites[key]

    def _strength(self, kind: str, seconds: float) -> float:
        """Full at the start of a span of this kind, nothing at its end: what follows is clear."""
        return max(
            (
                min(
                    1 + (seconds - span.start) / _CHANGE_SECONDS,
                    (span.end - seconds) / _CHANGE_SECONDS,
                    1.0,
                )
                for span in self._scene.spans
                if span.kind == kind
            ),
            default=0.0,
        )

    def _darken(self, frame: np.ndarray) -> np.ndarray:
        return cv2.multiply(frame, self._headlights, scale=1 / 255)

    def _blur(self, frame: np.ndarray) -> np.ndarray:
        side = round(self._scene.height / 24) | 1
        return cv2.blur(cv2.blur(frame, (2 * side + 1, side)), (side, side))

    def _add_noise(self, frame: np.ndarray, number: int) -> np.ndarray:
        # A piece of one large noise picture, from another place each time.
        y, x = np.random.default_rng((self._scene.seed, number)).integers(0, 64, 2)
        place = slice(y, y + frame.shape[0]), slice(x, x + frame.shape[1])
        return cv2.subtract(cv2.add(frame, self._brighter[place]), self._darker[place])


def render_video(scene: Scene, path: str) -> None:
    """Write an MP4: H.264 with B-frames, a keyframe every two seconds, the same bytes each time."""
    # Good enough to keep the noise, and the fastest.
    options = {"preset": "ultrafast", "crf": "23", "bf": "2", "g": str(2 * scene.fps)}
    with av.open(path, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=scene.fps, options=options)
        stream.width, stream.height, stream.pix_fmt = scene.width, scene.height, "yuv420p"
        stream.codec_context.thread_count = 1  # More of them would give other bytes.
        for picture in _pictures(scene):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="yuv420p")))
        container.mux(stream.encode(None))


def _pictures(scene: Scene) -> Iterator[np.ndarray]:
    """All frames as the encoder wants them. Several are rendered at once, ahead of it."""
    renderer = Renderer(scene)
    cv2.setNumThreads(1)  # It would share out each small step among threads: slower in all.

    def render(number: int) -> np.ndarray:
        return cv2.cvtColor(renderer.frame(number), cv2.COLOR_RGB2YUV_I420)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        ahead = deque()
        for number in range(scene.frames):
            ahead.append(pool.submit(render, number))
            if len(ahead) > _AHEAD:
                yield ahead.popleft().result()
        for picture in ahead:
            yield picture.result()


def _headlights(scene: Scene) -> np.ndarray:
    """Returns how much of the light is left at night, where our headlights reach: 0 to 255."""
    y, x = np.mgrid[0 : scene.height, 0 : scene.width].astype(np.float32)
    across = (x / scene.width - 0.5) / 0.26
    down = (y / scene.height - 0.72) / 0.2
    share = 0.06 + 0.45 * np.exp(-(across**2) - down**2)
    return cv2.cvtColor((255 * share).astype(np.uint8), cv2.COLOR_GRAY2RGB)
