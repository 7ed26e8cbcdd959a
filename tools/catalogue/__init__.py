"""Renews the catalogues of sizes from the clouds' own APIs."""
