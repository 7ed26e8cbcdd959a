"""Errors that the emulated services answer with."""


class ServiceError(Exception):
    """
    One error reply.

    Args:
        code: The vendor's error code.
        message: The vendor's sentence.
        status: The HTTP status.
        more: What else stands in the error's body.
        headers: Headers of the reply.
    """

    def __init__(
        self,
        code: str,
        message: str,
        status: int = 400,
        *,
        more: dict[str, object] | None = None,
        headers: tuple[tuple[str, str], ...] = (),
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.more = more or {}
        self.headers = headers
