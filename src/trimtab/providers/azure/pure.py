"""What of this provider runs without a cloud."""

from functools import partial

from trimtab.providers.azure.facts import AzureFacts
from trimtab.providers.azure.ids import Home
from trimtab.providers.azure.importing import Replies, import_group
from trimtab.providers.azure.kinds import KINDS
from trimtab.providers.azure.translate import translate
from trimtab.providers.pure import PureCode

HOME = Home("00000000-0000-0000-0000-000000000000", "trimtab")
PURE = PureCode(
    location="westeurope",
    translate=partial(translate, home=HOME),
    facts=AzureFacts,
    replies=Replies,
    import_group=import_group,
    kinds=KINDS,
)
