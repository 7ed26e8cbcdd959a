"""What the errors of AWS are in our words; pure."""

from trimtab.errors import AccessDenied, AlreadyExists, Conflict, NotFound, Throttled
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
DENIED = frozenset(
    {
        *("AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthFailure", "ExpiredToken"),
        *("InvalidClientTokenId", "UnrecognizedClientException", "SignatureDoesNotMatch"),
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
    }
)
MISSING = ("not found", "does not exist", "no such", "cannot be found")
"""What Auto Scaling says in a ValidationError that is about something missing."""
ERRORS = ErrorTable(
    (
        ErrorRow(Throttled, codes=THROTTLED),
        ErrorRow(AccessDenied, codes=DENIED),
        ErrorRow(AlreadyExists, codes=TAKEN),
        ErrorRow(Conflict, codes=BUSY),
        ErrorRow(NotFound, codes=frozenset({"*NotFound*"})),
        ErrorRow(NotFound, texts=MISSING),
    )
)
