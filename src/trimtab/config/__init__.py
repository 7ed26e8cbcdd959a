"""The fleet file: YAML or JSON in, a `Fleet` out, and back; what is wrong is said with its line."""

from trimtab.config.dumping import dump_fleet
from trimtab.config.reading import load_fleet, parse_fleet
from trimtab.config.schema import json_schema

__all__ = ["dump_fleet", "json_schema", "load_fleet", "parse_fleet"]
