"""The AWS emulator: moto's server behind a shim that is as strict as the service."""
