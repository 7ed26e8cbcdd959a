"""The modules that are public."""

PUBLIC = [
    *("trimtab", "trimtab.engine", "trimtab.errors", "trimtab.metrics"),
    *("trimtab.providers", "trimtab.testing", "trimtab.emulators"),
]
