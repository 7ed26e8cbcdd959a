"""KPIs of groups that run: what the cloud measured, and what it did not is said."""

from datetime import timedelta

import pytest

import trimtab as tt
from tests.commands import FLEET
from trimtab.errors import InvalidRequest, Throttled, Unsupported
from trimtab.kpis.prices import Prices
from trimtab.kpis.running import LiveGroupSource, cpu_target, running_kpis
from trimtab.kpis.scoring import Scoring
from trimtab.metrics import cpu, errors_5xx, latency, requests, requests_per_instance
from trimtab.providers.base import Activity
from trimtab.testing import MemoryTestCloud

START = tt.ManualClock().now() if False else None
