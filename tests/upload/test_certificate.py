"""A server whose certificate is not to be trusted."""

import shutil
import socket
import ssl
import subprocess
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from tests.emulators.environments import skip_or_fail
from tests.emulators.servers import ToolMissingError
from tests.upload.recordings import recording, upload


@pytest.fixture
def certificate(tmp_path) -> Path:
    """With its key."""
    if shutil.which("openssl") is None:
        skip_or_fail(ToolMissingError("openssl", "apt-get install openssl"))
    path = tmp_path / "both.pem"
    what = ["-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    command = ["openssl", "req", "-x509", *what, "-keyout", path, "-out", tmp_path / "c.pem"]
    subprocess.run(command, check=True, capture_output=True, timeout=600)
    with path.open("ab") as file:
        file.write((tmp_path / "c.pem").read_bytes())
    return path


@pytest.fixture
def server(certificate):
    """Its address. It shakes hands, and no more."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    listening = socket.create_server(("127.0.0.1", 0))

    def answer():
        with suppress(OSError):
            while True:
                connection, _ = listening.accept()
                with suppress(OSError), context.wrap_socket(connection, server_side=True):
                    pass

    thread = threading.Thread(target=answer, daemon=True)
    thread.start()
    yield f"https://127.0.0.1:{listening.getsockname()[1]}"
    listening.shutdown(socket.SHUT_RDWR)
    listening.close()
    thread.join(600)


@pytest.mark.parametrize("scheme", ["gs", "s3"])
def test_what_is_wrong_with_a_certificate_is_told(server, tmp_path, scheme):
    """It may be the clock of the collector."""
    keys = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}
    ended = upload(
        recording(tmp_path / "a.mp4"),
        *("--to", f"{scheme}://bucket", "--collector", "c", "--retry-for", "0"),
        *("--state", tmp_path / "state"),
        env={"STORAGE_EMULATOR_HOST": server, "AWS_ENDPOINT_URL": server, **keys},
    )
    assert ended.code == 1
    assert "(SSLError: self-signed certificate)" in ended.stderr
