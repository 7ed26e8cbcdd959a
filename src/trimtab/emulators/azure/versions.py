"""
The versions of each API, the newest last: every one that Microsoft publishes for the types that there are here.

Out of the folders of github.com/Azure/bicep-types-az and github.com/Azure/azure-rest-api-specs, of azure-mgmt-compute
34 to 39, -monitor 6 and 7, -network 33, -msi 7 and -resource 26, of what azure-cli 2.91 asks for, and of the lists in
Resource Manager's own refusals (github.com/ansible-collections/azure/issues/1739,
github.com/Azure/azure-cli/issues/28496); read in November 2026.
"""


def _dates(text: str) -> tuple[str, ...]:
    """Versions of `2024: 03-01 07-01`, a year a line."""
    lines = (line.split(": ") for line in text.strip().splitlines())
    return tuple(f"{year.strip()}-{day}" for year, days in lines for day in days.split())


COMPUTE = _dates("""
    2015: 05-01-preview 06-15
    2016: 03-30 04-30-preview 08-30
    2017: 03-30 12-01
    2018: 04-01 06-01 10-01
    2019: 03-01 07-01 12-01
    2020: 06-01 12-01
    2021: 03-01 04-01 07-01 11-01
    2022: 03-01 08-01 11-01
    2023: 03-01 07-01 09-01
    2024: 03-01 07-01 11-01
    2025: 04-01 11-01
    2026: 03-01 04-01
""")
"""Machines, scale sets, images."""
SKUS = _dates("""
    2017: 03-30 09-01
    2019: 04-01
    2021: 07-01
""")
"""What can be had where."""
ENCRYPTION_SETS = _dates("""
    2019: 07-01 11-01
    2020: 05-01 06-30 09-30 12-01
    2021: 04-01 08-01 12-01
    2022: 03-02 07-02
    2023: 01-02 04-02 10-02
    2024: 03-02
    2025: 01-02
    2026: 03-02
""")
GALLERIES = _dates("""
    2018: 06-01
    2019: 03-01 07-01 12-01
    2020: 09-30
    2021: 07-01 10-01
    2022: 01-03 03-03 08-03
    2023: 07-03
    2024: 03-03
    2025: 03-03 12-03
    2026: 03-03
""")
NETWORK = _dates("""
    2014: 12-01-preview
    2015: 05-01-preview 06-15
    2016: 03-30 06-01 07-01 08-01 09-01 10-01 11-01 12-01
    2017: 03-01 03-30 04-01 06-01 08-01 09-01 10-01 11-01
    2018: 01-01 02-01 03-01 04-01 05-01 06-01 07-01 08-01 10-01 11-01 12-01
    2019: 02-01 04-01 06-01 07-01 08-01 09-01 11-01 12-01
    2020: 01-01 03-01 04-01 05-01 06-01 07-01 08-01 11-01
    2021: 02-01 03-01 05-01 06-01 08-01 12-01
    2022: 01-01 05-01 07-01 09-01 11-01
    2023: 02-01 04-01 05-01 06-01 09-01 11-01
    2024: 01-01 03-01 05-01 07-01 10-01
    2025: 01-01 03-01 05-01 07-01 09-01
    2026: 01-01 03-01
""")
IDENTITIES = _dates("""
    2015: 08-31-preview
    2018: 11-30
    2021: 09-30-preview
    2022: 01-31-preview
    2023: 01-31 07-31-preview
    2024: 11-30
    2025: 01-31-preview 05-31-preview
""")
AUTOSCALE = _dates("""
    2014: 04-01
    2015: 04-01
    2021: 05-01-preview
    2022: 10-01
""")
ALERTS = _dates("""
    2018: 03-01
    2024: 03-01-preview
    2026: 01-01
""")
ACTION_GROUPS = _dates("""
    2017: 04-01
    2018: 03-01 09-01
    2019: 03-01 06-01
    2021: 09-01
    2022: 04-01 06-01
    2023: 01-01 09-01-preview
    2024: 10-01-preview
""")
METRICS = _dates("""
    2016: 03-01 06-01 09-01
    2017: 05-01-preview
    2018: 01-01
    2019: 07-01
    2021: 05-01
    2023: 10-01
    2024: 02-01
""")
"""Metrics and their definitions."""
NAMESPACES = _dates("""
    2017: 12-01-preview
    2024: 02-01
""")
ACTIVITY = _dates("""
    2014: 04-01 11-01
    2015: 04-01
    2017: 03-01-preview
""")
RESOURCES = _dates("""
    2013: 03-01
    2014: 01-01 02-26 04-01-preview 04-01
    2015: 01-01 11-01
    2016: 02-01 06-01 07-01 09-01
    2017: 03-01 05-01 05-10 06-01 08-01 12-01
    2018: 01-01 02-01 05-01 06-01 07-01 08-01 09-01 11-01
    2019: 03-01 05-01 05-10 06-01 07-01 08-01 09-01 10-01 11-01
    2020: 01-01 05-01 06-01 07-01 08-01 09-01 10-01
    2021: 01-01 04-01
    2022: 01-01 03-01-preview 05-01 06-01 09-01 11-01-preview 12-01
    2023: 03-01-preview 07-01-preview 07-01
    2024: 03-01 06-01-preview 07-01 08-01 11-01
    2025: 03-01 04-01
""")
"""Resource groups, which Resource Manager answers for itself."""
