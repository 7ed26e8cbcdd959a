"""One call and its reply, as every emulated cloud has them."""

from dataclasses import dataclass
from typing import Any, Protocol


class ServedRequest(Protocol):
    """What is known of a call before it is answered."""

    @property
    def service(self) -> str:
        """The vendor's service."""

    @property
    def operation(self) -> str:
        """The vendor's name of the call."""

    @property
    def region(self) -> str:
        """Where."""

    @property
    def is_write(self) -> bool:
        """Whether the call may change something."""

    @property
    def key(self) -> str:
        """The same text for the same question."""

    @property
    def text(self) -> str:
        """The parameters as text."""

    @property
    def shown(self) -> Any:
        """The parameters as JSON values, for the log."""

    @property
    def subject(self) -> str:
        """The name that it is about, for people."""


@dataclass(frozen=True, slots=True)
class EmulatorReply:
    """One answer: `code` is the vendor's error code, if it is an error; `lost` is how many bytes never leave."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()
    code: str | None = None
    lost: int = 0
