import pytest

from tests.found.worlds import AwsAccount, AzureAccount, GcpAccount
from trimtab.emulators import AwsEmulator, AzureEmulator, GcpEmulator


def opened(emulator_of, account_of):
    """One emulator and one connection for a module."""
    with emulator_of() as emulator:
        account = account_of(emulator)
        yield account
        account.close()


@pytest.fixture(scope="module")
def aws_account():
    yield from opened(AwsEmulator, AwsAccount)


@pytest.fixture(scope="module")
def azure_account():
    yield from opened(AzureEmulator, AzureAccount)


@pytest.fixture(scope="module")
def gcp_account():
    yield from opened(GcpEmulator, GcpAccount)


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
