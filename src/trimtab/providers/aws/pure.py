"""What of this provider runs without a cloud."""

from datetime import datetime

from trimtab.providers.aws.facts import AwsFacts
from trimtab.providers.aws.importing import Replies, import_group
from trimtab.providers.aws.kinds import KINDS
from trimtab.providers.aws.translate import translate
from trimtab.providers.importing import Imported
from trimtab.providers.pure import PureCode

LOCATION = "us-east-1"


def _import(replies: Replies, *, now: datetime, fleet: str | None, location: str | None) -> Imported:
    """No reply says the region: it is the one that was asked."""
    return import_group(replies, location=location or LOCATION, now=now, fleet=fleet)


PURE = PureCode(
    location=LOCATION, translate=translate, facts=AwsFacts, replies=Replies, import_group=_import, kinds=KINDS
)
