"""Load tests: a service under load, the group behind it meanwhile, and what had been predicted beside what was seen."""

from trimtab.loadtests.outcome import LoadTest, ScaleOut, SizeAgreement

__all__ = ["LoadTest", "ScaleOut", "SizeAgreement"]
