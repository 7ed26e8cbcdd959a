"""
KPIs: how well a group's size followed its load, what that cost, and what its users saw of it.

`trimtab.kpis.elasticity`, `service`, `latency` and `prices` are pure functions over arrays; `scoring` puts all of
them together, and `running` finds what it can about a group that runs. All but `card` and `prices` need numpy
(extra `sim`).
"""
