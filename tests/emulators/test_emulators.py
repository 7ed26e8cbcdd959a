import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Callable

import pytest

import trimtab.emulators
from trimtab.errors import MissingExtra


def run(script: str) -> str:
    return subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout


def test_importing_it_loads_no_server_and_no_sdk() -> None:
    loaded = run("import sys, trimtab.emulators; print(*sys.modules)").split()
    assert not {"moto", "flask", "werkzeug", "boto3", "botocore"} & set(loaded)


def test_a_missing_extra_is_named() -> None:
    script = (
        "import sys; sys.modules['moto'] = None\n"
        "import trimtab.emulators\n"
        "try: trimtab.emulators.AwsEmulator\n"
        "except ImportError as error: print(type(error).__name__, error)"
    )
    assert run(script).startswith(MissingExtra.__name__)
    assert "pip install 'trimtab[emulators]'" in run(script)


def test_what_is_public_is_there() -> None:
    pytest.importorskip("moto.server", reason="the extra emulators is not installed")
    assert all(hasattr(trimtab.emulators, name) for name in trimtab.emulators.__all__)


def test_what_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="Nonsense"):
        trimtab.emulators.Nonsense  # noqa: B018


def test_nothing_is_printed_of_a_client_that_is_gone(capsys: pytest.CaptureFixture[str]) -> None:
    """Its reply was still in a buffer, and was written once more as the connection ended."""
    pytest.importorskip("werkzeug", reason="the extra emulators is not installed")
    from trimtab.emulators.shared.wire import Handler, WireServer

    asked, gone = threading.Event(), threading.Event()

    def application(_: object, begin: Callable[[str, list[tuple[str, str]]], object]) -> list[bytes]:
        asked.set()
        assert gone.wait(30)
        begin("200 OK", [])
        return [b"x" * 2_000_000]

    server = WireServer(0, application, Handler)
    serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    serving.start()
    with socket.create_connection(("127.0.0.1", server.server_port)) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # it ends with a reset
        client.sendall(b"GET / HTTP/1.1\r\nHost: here\r\n\r\n")
        assert asked.wait(30)
    gone.set()
    server.shutdown()
    server.server_close()  # waits for its threads
    serving.join()
    assert capsys.readouterr().err == ""
