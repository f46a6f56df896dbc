"""`vidset watch`: upload events to images, without Dataflow."""


def watch() -> None:
    """Extract each video as its upload event arrives."""
    raise NotImplementedError
