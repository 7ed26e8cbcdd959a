"""
Inside a small web service: `GET /plan`, `GET /status`, `POST /apply`, one connection for all requests.

    python examples/gcp/embed_web.py --emulator

With `--emulator` it asks itself a few things and ends; otherwise it serves on port 8080 of this machine.
"""

import json
import threading
import urllib.request
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from account import FLEET, Account

import trimtab as tt


def make_server(cloud: tt.Cloud, fleet: tt.Fleet, port: int) -> ThreadingHTTPServer:
    """A server on loopback; a `Cloud` may be used by many threads at the same time."""

    def apply() -> dict[str, Any]:
        return cloud.apply(cloud.plan(fleet), wait="accepted").to_dict()

    answers: dict[tuple[str, str], Callable[[], dict[str, Any]]] = {
        ("GET", "/plan"): lambda: cloud.plan(fleet).to_dict(),
        ("GET", "/status"): lambda: cloud.status(fleet).to_dict(),
        ("POST", "/apply"): apply,
    }

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            job = answers.get((self.command, self.path))
            try:
                status, body = (200, job()) if job else (404, {"error": f"there is no {self.path}"})
            except tt.errors.TrimtabError as error:
                status, body = 409, {"error": str(error)}
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = answer  # noqa: N815 - the names that http.server looks for

        def log_message(self, *args: object) -> None:
            """Log nothing."""

    return ThreadingHTTPServer(("127.0.0.1", port), Handler)


def ask(server: ThreadingHTTPServer, method: str, path: str) -> Any:
    """One request to the service."""
    url = f"http://127.0.0.1:{server.server_port}{path}"
    with urllib.request.urlopen(urllib.request.Request(url, method=method), timeout=60) as reply:
        return json.loads(reply.read())


def main() -> None:
    """Serve; on the emulator, ask and end."""
    with Account.open(__doc__) as account, account.connect() as cloud:
        fleet = tt.load_fleet(FLEET, env=account.variables)
        server = make_server(cloud, fleet, 0 if account.emulated else 8080)
        if not account.emulated:
            print(f"http://127.0.0.1:{server.server_port}/plan")
            server.serve_forever()
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            print("plan:", ask(server, "GET", "/plan")["summary"])
            assert ask(server, "POST", "/apply")["ok"]
            assert ask(server, "GET", "/plan")["changes"] == []
            groups = ask(server, "GET", "/status")["groups"]
            print("status:", {group["name"]: group["desired"] for group in groups})
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


if __name__ == "__main__":
    main()
