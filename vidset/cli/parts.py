"""Names the optional part of the package that brings a missing module."""

# Modules that any command may need, for what it is pointed at.
_OF_ANY_COMMAND = {
    "boto3": "s3",
    "dask": "dask",
    "distributed": "dask",
    "kfp": "pipelines",
    "onnxruntime": "onnx",
    "pika": "amqp",
    "prometheus_client": "metrics",
    "torch": "train",
    "usearch": "embeddings",
}
# Parts that do not bring the labeling broker.
_WITHOUT_BROKER = frozenset({"amqp", "beam", "extract", "upload"})
# Where the command's own part does not say it.
_PARTS = {
    "apache_beam": "beam",
    "av": "extract",
    "cleanlab": "scores",
    "cloudevents": "label",
    "cv2": "extract",
    "duckdb": "warehouse",
    "faster_coco_eval": "scores",
    "flask": "label",
    "google": "gcp",
    "google_crc32c": "warehouse",
    "httpx": "label",
    "numpy": "extract",
    "pyarrow": "extract",
    "pydantic": "label",
    "requests": "upload",
    "scaleapi": "label",
    "scipy": "dataset",
    "shapely": "label",
    "sklearn": "dataset",
    "starlette": "view",
    "tensorboard": "scores",
    "uvicorn": "view",
    "werkzeug": "label",
    "yaml": "label",
}


def part_of(module: str, command_part: str | None) -> str | None:
    """Return the part to install; None if the module belongs to no part.

    Args:
        module: the name of what could not be imported.
        command_part: the part that the command needs, if it has told.
    """
    top = module.partition(".")[0]
    if top == "google" and module.startswith(("google.auth", "google.oauth2")):
        return command_part or "gcp"
    if top in _OF_ANY_COMMAND:
        return _OF_ANY_COMMAND[top]
    if top == "google":
        return _PARTS[top]
    if _PARTS.get(top) == "label" and command_part in _WITHOUT_BROKER:
        return "label"  # The demo's own part, extract, does not bring the broker.
    return command_part if command_part and top in _PARTS else _PARTS.get(top)
