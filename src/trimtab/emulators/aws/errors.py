"""Errors that the emulated service answers with."""


class ServiceError(Exception):
    """
    One error reply.

    Args:
        code: The vendor's error code.
        message: The vendor's sentence.
        status: The HTTP status.
    """

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status


def invalid(message: str) -> ServiceError:
    """The `ValidationError` that Auto Scaling and CloudWatch answer with."""
    return ServiceError("ValidationError", message)
