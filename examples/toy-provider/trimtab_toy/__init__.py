"""A provider for trimtab that needs no cloud: the kinds of the cloud in memory, under a name of its own."""
