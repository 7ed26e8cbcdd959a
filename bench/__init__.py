"""Figures, beside peers measured in the same run; `nox -s bench` prints them."""
