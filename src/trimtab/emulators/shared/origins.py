"""
Who may ask an emulator: programs on this machine, and no page in a browser.

A page can send requests to loopback, and by a name of its own that leads there (DNS rebinding) read the answers.
Its browser names both: the name in `Host`, the page in `Origin` and `Sec-Fetch-Site`.
https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/Sec-Fetch-Site
"""

import ipaddress
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

OWN = ("", "none", "same-origin")


def refusal(environ: Mapping[str, Any], port: int) -> str | None:
    """Why a request is not answered; `None` for one that is."""
    here = f"http://127.0.0.1:{port}"
    host, origin = environ.get("HTTP_HOST", ""), environ.get("HTTP_ORIGIN")
    if not is_own(f"http://{host}", port):
        return f"the request is for host {host!r}; this emulator answers for loopback only: send it to {here}"
    if origin is not None and not is_own(origin, port):
        return f"the request comes from a page of {origin!r}; this emulator does not answer pages of other origins"
    if environ.get("HTTP_SEC_FETCH_SITE", "") not in OWN:
        return "the request comes from a page of another site; this emulator does not answer those"
    return None


def is_own(origin: str, port: int) -> bool:
    """Whether an origin is this machine's loopback, by name or address, at a port."""
    try:
        parts = urlsplit(origin)
        name, own_port = parts.hostname or "", parts.port or 80
    except ValueError:
        return False
    plain = parts._replace(scheme="", netloc="").geturl() == "" and "@" not in parts.netloc
    return plain and parts.scheme == "http" and own_port == port and (name == "localhost" or _is_loopback(name))


def _is_loopback(name: str) -> bool:
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
