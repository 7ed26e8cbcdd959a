"""
Check rules: advice about a fleet before it hurts, each under a code that does not change.

`check_fleet` is the whole; `RULES` is the table of the rules, one row for each code.
"""

from trimtab.checks.check import check_fleet
from trimtab.checks.finding import Finding
from trimtab.checks.registry import RULES
from trimtab.checks.rule import Rule

__all__ = ["RULES", "Finding", "Rule", "check_fleet"]
