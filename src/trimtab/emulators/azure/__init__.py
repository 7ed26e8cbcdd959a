"""The Azure emulator: Resource Manager with scale sets, what they refer to, and Azure Monitor."""
