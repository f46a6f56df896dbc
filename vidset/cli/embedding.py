"""Embeds a place's images for a command, on the engine that it was told to use."""

from collections.abc import Callable

from vidset.cli.engines import Elsewhere, engine_starting
from vidset.embeddings.computing import EmbedSummary, embed_place
from vidset.engines.local import LocalEngine
from vidset.project import Project
from vidset.shards import Shard

# What decides the vectors beside NumPy and OpenCV, by the kind of the embedder.
_PACKAGES = {"onnx": ("onnxruntime",)}


def embed(
    project: Project,
    embedder: str,
    engine: Elsewhere | None,
    update: Callable[[str], None],
    *,
    workers: int | None = None,
    shard: Shard | None = None,
) -> EmbedSummary:
    """Embed the images that have no vector yet, and show how many are done.

    Args:
        embedder: what a user named.
        engine: the machines that do it; None: this one.
        update: shows a text.

    Raises:
        As `embed_place` does, and ValueError if a machine cannot do the work.
    """
    packages = _PACKAGES.get(embedder.partition(":")[0], ())
    with engine_starting(project, engine, packages=packages) as start_elsewhere:
        return embed_place(
            project.place,
            embedder,
            workers=workers,
            shard=shard,
            progress=lambda done, of: update(f"Embedding images: {done:,} of {of:,}"),
            start_engine=start_elsewhere or LocalEngine,
        )
