"""What of this provider runs without a cloud."""

from functools import partial

from trimtab.providers.gcp.facts import GcpFacts
from trimtab.providers.gcp.importing import Replies, import_group
from trimtab.providers.gcp.kinds import KINDS
from trimtab.providers.gcp.translate import translate
from trimtab.providers.pure import PureCode

PURE = PureCode(
    location="europe-west1",
    translate=partial(translate, project="trimtab"),
    facts=GcpFacts,
    replies=Replies,
    import_group=import_group,
    kinds=KINDS,
)
