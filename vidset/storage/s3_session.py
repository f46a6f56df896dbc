"""boto3's sessions: each has the credentials as they are now, and all share what never changes."""

from functools import cache
from typing import Any

import boto3
from botocore.loaders import Loader, create_loader
from botocore.session import get_session


def new_session() -> Any:
    """Return a session that reads the environment and its files anew.

    boto3's description of S3 is read once a process: to read it takes eight times as long as all
    else that a client needs.
    """
    core = get_session()
    core.register_component("data_loader", _loader(core.get_config_variable("data_path")))
    return boto3.Session(botocore_session=core)


@cache
def _loader(folders: str | None) -> Loader:
    return create_loader(folders)
