"""Errors that the emulated services of AWS share."""

from trimtab.emulators.shared.errors import ServiceError


def invalid(message: str) -> ServiceError:
    """The `ValidationError` that Auto Scaling and CloudWatch answer with."""
    return ServiceError("ValidationError", message)
