"""Providers that know only their schemas, for the real Terraform to talk to.

`terraform validate`, and `terraform test` with `mock_provider`, ask a provider for its schema and
whether it accepts a configuration. That is answered here over unix sockets; names, types, required
arguments, references and every `assert` are then checked by Terraform's core itself.
"""

import json
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import grpc

from infra.check.plugin_protocol import prepared_config
from infra.check.providers import Provider

_MESSAGE_BYTES = 64 << 20


@contextmanager
def serve(providers: Sequence[Provider]) -> Iterator[dict[str, str]]:
    """The environment for Terraform, with which it uses these providers and no registry."""
    reattach = {}
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="vidset-tf-"))
        for number, provider in enumerate(providers):
            address = str(Path(folder, f"{number}.sock"))
            server = _server(provider.response)
            server.add_insecure_port(f"unix:{address}")
            server.start()
            stack.callback(lambda server=server: server.stop(None).wait())
            reattach[provider.source] = {
                "Protocol": "grpc",
                "ProtocolVersion": 5,
                "Pid": os.getpid(),
                "Test": True,
                "Addr": {"Network": "unix", "String": address},
            }
        yield {"TF_REATTACH_PROVIDERS": json.dumps(reattach)}


def _server(schema: bytes) -> grpc.Server:
    answers: dict[str, Callable[[bytes], bytes]] = {
        "GetSchema": lambda _: schema,
        "PrepareProviderConfig": prepared_config,
        "ValidateResourceTypeConfig": lambda _: b"",
        "ValidateDataSourceConfig": lambda _: b"",
        "Configure": lambda _: b"",
        "Stop": lambda _: b"",
    }
    server = grpc.server(
        ThreadPoolExecutor(max_workers=8),
        options=[("grpc.max_send_message_length", _MESSAGE_BYTES)],
    )
    handlers = {
        name: grpc.unary_unary_rpc_method_handler(lambda request, _, answer=answer: answer(request))
        for name, answer in answers.items()
    }
    server.add_generic_rpc_handlers(
        [grpc.method_handlers_generic_handler("tfplugin5.Provider", handlers)]
    )
    return server
