"""Posts over HTTP for webhooks: no redirect is followed, and nothing of the answer but its status is read."""

from collections.abc import Mapping
from datetime import timedelta
from typing import NamedTuple

from trimtab.errors import MissingExtra

try:
    import urllib3
except ImportError as missing:
    raise MissingExtra("webhooks", "controller") from missing


class NoAnswer(Exception):
    """Nothing came back; the text is the kind of error."""


class Posted(NamedTuple):
    """What an address answered: its status, and after how long it wants to be asked again, where it says so."""

    status: int
    after: timedelta | None


class Client:
    """One address's connections."""

    def __init__(self, timeout: timedelta) -> None:
        self._pool = urllib3.PoolManager(num_pools=1)
        self._timeout = urllib3.Timeout(total=timeout.total_seconds())

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Posted:
        """
        What the address answers.

        Raises:
            NoAnswer: It does not.
        """
        try:
            response = self._pool.urlopen(
                "POST",
                url,
                body=body,
                headers=dict(headers),
                retries=False,
                redirect=False,
                timeout=self._timeout,
                preload_content=False,
            )
        except urllib3.exceptions.HTTPError as error:
            raise NoAnswer(type(error).__name__) from error
        status, after = response.status, response.headers.get("retry-after", "")
        # what it says is not read: it may be without an end
        response.close()
        return Posted(status, timedelta(seconds=int(after)) if after.isdecimal() else None)

    def close(self) -> None:
        """Let go of connections."""
        self._pool.clear()
