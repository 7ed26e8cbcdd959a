"""What of this provider runs without a cloud."""

from trimtab.providers.memory.kinds import KINDS
from trimtab.providers.memory.translate import MemoryFacts, translate
from trimtab.providers.pure import PureCode

PURE = PureCode(location="local", translate=translate, facts=MemoryFacts, kinds=KINDS)
