"""What a controller asks of a cloud, and what it is allowed, in the same words."""

from tests.providers.azure.rights import ACTIONS
from tests.providers.gcp.rights import permission_of

WITHOUT_RIGHT = {"sts:GetCallerIdentity"}


def action_of(name, call):
    """What a cloud asks a caller for."""
    if name == "aws":
        return f"{call.service}:{call.operation}"
    return ACTIONS[call.operation] if name == "azure" else permission_of(call)


def granted(name, document):
    """The actions of a policy document or a role."""
    if name == "aws":
        return {action for statement in document["Statement"] for action in statement["Action"]}
    return {*document["Actions"], *document["DataActions"]} if name == "azure" else {*document["includedPermissions"]}
