"""The modules that are public."""

PUBLIC = [
    *("trimtab", "trimtab.checks", "trimtab.engine", "trimtab.errors", "trimtab.metrics"),
    *("trimtab.providers", "trimtab.testing", "trimtab.emulators", "trimtab.tracing", "trimtab.sources"),
]
