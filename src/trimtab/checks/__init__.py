"""
Check rules: advice about a fleet before it hurts, each under a code that does not change.

`check_fleet` is the whole; `RULES` is the table of trimtab's own rules, one row for each code. A distribution adds
rules by an entry point in the group `trimtab.checks`: a mapping from codes to `Rule`, under how the codes begin.
"""

from trimtab.checks.check import check_fleet
from trimtab.checks.finding import Finding, Remark
from trimtab.checks.registry import RULES
from trimtab.checks.rule import Rule, Subject

__all__ = ["RULES", "Finding", "Remark", "Rule", "Subject", "check_fleet"]
