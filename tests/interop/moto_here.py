"""
A plugin of pytest that has moto's own tests talk to trimtab's AWS emulator: `-p moto_here`, from this folder.

What moto's `mock_aws` stands for is here a session with the emulator, which runs in this process and is reset before
and after each test. So the tests that look into moto's state find the state that the emulator keeps there.
"""

import os
from typing import Any

import moto.core.decorator
from moto.core.models import ServerModeMockAWS
from moto.moto_api._internal import mock_random

from trimtab.emulators import AwsEmulator

EMULATOR = AwsEmulator()
SEED = 1


class MockAws(ServerModeMockAWS):
    """What `mock_aws` makes: clients of boto3 go to the emulator."""

    def __init__(self, *args: Any, **given: Any) -> None:
        super().__init__(*args, **given)
        self._test_server_mode_endpoint = EMULATOR.endpoint

    def reset(self) -> None:
        EMULATOR.reset()
        # moto draws the zone of a subnet that names none, and not every zone has every type
        mock_random.seed(SEED)


moto.core.decorator.MockAWS = MockAws


def pytest_collection_finish() -> None:
    # the emulator has the public images always, and keeps them once they are read
    os.environ["MOTO_EC2_LOAD_DEFAULT_AMIS"] = "true"


def pytest_unconfigure() -> None:
    EMULATOR.stop()
