"""Metrics from elsewhere than the cloud: a Prometheus, JSON over HTTP, files, functions."""

from trimtab.sources.making import make_sources
from trimtab.sources.prometheus import Prometheus
from trimtab.sources.reading import read_all
from trimtab.sources.single import File, Function, HttpJson
from trimtab.sources.source import Answer, Source

__all__ = ["Answer", "File", "Function", "HttpJson", "Prometheus", "Source", "make_sources", "read_all"]
