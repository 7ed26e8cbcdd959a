"""The accounts that stand on the emulators, wiped before each test."""

from tests.found.accounts import aws, aws_account, azure, azure_account, gcp, gcp_account  # noqa: F401
