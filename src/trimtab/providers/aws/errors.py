"""What the errors of AWS are in our words; pure."""

from trimtab.errors import AccessDenied, AlreadyExists, Conflict, InvalidRequest, NotFound, Throttled, Unauthenticated
from trimtab.providers.errors import ErrorRow, ErrorTable

# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html and each service's common errors
THROTTLED = frozenset(
    {
        "Throttling",
        "ThrottlingException",
        "RequestLimitExceeded",
        "TooManyRequestsException",
        "RequestThrottled",
    }
)
# EC2 says AuthFailure of a single image that is not shared, too
DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthFailure"})
UNKNOWN_CALLER = frozenset(
    {
        *("ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId"),
        *("UnrecognizedClientException", "SignatureDoesNotMatch"),
    }
)
TAKEN = frozenset({"AlreadyExists", "AlreadyExistsFault", "InvalidLaunchTemplateName.AlreadyExistsException"})
BUSY = frozenset(
    {
        "ResourceContention",
        "ScalingActivityInProgress",
        "ResourceInUse",
        "ResourceInUseFault",
        "ResourceContentionFault",
        "InstanceRefreshInProgress",
        "InstanceRefreshInProgressFault",
    }
)
MISSING = ("not found", "does not exist", "no such", "cannot be found", "no warm pool found")
"""What Auto Scaling says in a ValidationError that is about something missing."""
ERRORS = ErrorTable(
    (
        ErrorRow(Throttled, codes=THROTTLED),
        ErrorRow(AccessDenied, codes=DENIED),
        ErrorRow(Unauthenticated, codes=UNKNOWN_CALLER),
        # who asks in a region that there is not is not unknown
        ErrorRow(InvalidRequest, codes=UNKNOWN_CALLER, texts=("scoped to a valid region",)),
        ErrorRow(AlreadyExists, codes=TAKEN),
        ErrorRow(Conflict, codes=BUSY),
        ErrorRow(NotFound, codes=frozenset({"*NotFound*", "NoSuchEntity", "NoSuchResourceException"})),
        ErrorRow(NotFound, texts=MISSING),
    )
)
