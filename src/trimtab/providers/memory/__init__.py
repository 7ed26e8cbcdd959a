"""A cloud held in memory: the same contract as the real ones, without an account or a network."""
