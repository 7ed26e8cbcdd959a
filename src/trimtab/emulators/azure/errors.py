"""Errors as Resource Manager and the services behind it write them."""

from typing import Any

from trimtab.emulators.shared.errors import ServiceError


def missing(kind: str, name: str, group: str) -> ServiceError:
    """No such resource."""
    text = (
        f"The Resource '{kind}/{name}' under resource group '{group}' was not found. "
        "For more details please go to https://aka.ms/ARMResourceNotFoundFix"
    )
    return ServiceError("ResourceNotFound", text, 404)


def missing_group(group: str) -> ServiceError:
    """No such resource group."""
    return ServiceError("ResourceGroupNotFound", f"Resource group '{group}' could not be found.", 404)


def missing_entity() -> ServiceError:
    """No such part of a resource, as Compute says it."""
    return ServiceError("NotFound", "The entity was not found in this Azure location.", 404)


def bad_content(text: str) -> ServiceError:
    """A body that cannot be read."""
    return ServiceError(
        "InvalidRequestContent", f"The request content was invalid and could not be deserialized: {text}"
    )


def bad_parameter(text: str, target: str) -> ServiceError:
    """A value that is not allowed."""
    return ServiceError("InvalidParameter", text, more={"target": target})


def unchangeable(name: str) -> ServiceError:
    """A property that stays as it was made."""
    text = f"Changing property '{name}' is not allowed."
    return ServiceError("PropertyChangeNotAllowed", text, 409, more={"target": name})


def not_allowed(text: str) -> ServiceError:
    """What is refused in the state that things are in."""
    return ServiceError("OperationNotAllowed", text, 409)


def no_view(part: str, name: str) -> ServiceError:
    """The instance view of what a flexible scale set leaves to plain machines."""
    text = f"Operation 'VirtualMachineScaleSets.{part}.GET' is not allowed on Virtual Machine Scale Set '{name}'."
    return ServiceError("OperationNotAllowed", text)


def stale_etag(given: str, actual: str) -> ServiceError:
    """A condition on the version that does not hold."""
    text = f"Etag provided in if-match header {given} does not match etag {actual} of resource."
    return ServiceError("PreconditionFailed", text, 412)


def bad_reference(referenced: str, by: str) -> ServiceError:
    """A reference to what is not there."""
    text = (
        f"Resource {referenced} referenced by resource {by} was not found. Please make sure that the referenced "
        "resource exists, and that both resources are in the same region."
    )
    return ServiceError("InvalidResourceReference", text, more={"details": []})


def to_dict(error: ServiceError) -> dict[str, Any]:
    """The error as bodies hold it."""
    return {"code": error.code, "message": error.message, **error.more}
