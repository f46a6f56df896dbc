"""Runs bqemulator 1.4.0, in whose environment this is: python bigquery_offline.py PORT UPLOADS

UPLOADS is a folder for what comes in load jobs. Nothing is asked of the internet.
"""
# pyright: reportMissingImports=false

import sys

from bqemulator.api.routes import upload
from bqemulator.config import LogLevel, Settings
from bqemulator.server import run_forever
from bqemulator.storage.engine import DuckDBEngine


def _without_geography(self: DuckDBEngine) -> None:
    """Takes the place of the download of an extension, which the server insists on."""


def main(port: int, uploads: str) -> None:
    DuckDBEngine._load_spatial = _without_geography
    # So Google's client names the type of what it uploads.
    upload._PERMITTED_MEDIA_CONTENT_TYPES += ("*/*",)
    run_forever(
        Settings(
            rest_port=port,
            grpc_port=0,  # Any: the Storage APIs are not in use.
            upload_staging_dir=uploads,
            enable_format_extensions=False,  # Avro's is another download.
            log_level=LogLevel.INFO,  # Says when it is ready.
        )
    )


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
