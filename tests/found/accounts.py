"""The accounts of `worlds` as fixtures: one connection for a module, wiped before each test."""

import pytest

from tests.found.worlds import AwsAccount, AzureAccount, GcpAccount


def opened(account):
    """One connection for a module, to an emulator that is wiped before each test."""
    yield account
    account.close()


@pytest.fixture(scope="module")
def aws_account(aws_emulator):
    yield from opened(AwsAccount(aws_emulator))


@pytest.fixture(scope="module")
def azure_account(azure_emulator):
    yield from opened(AzureAccount(azure_emulator))


@pytest.fixture(scope="module")
def gcp_account(gcp_emulator):
    yield from opened(GcpAccount(gcp_emulator))


@pytest.fixture
def aws(aws_account):
    aws_account.renew()
    return aws_account


@pytest.fixture
def azure(azure_account):
    azure_account.renew()
    return azure_account


@pytest.fixture
def gcp(gcp_account):
    gcp_account.renew()
    return gcp_account
