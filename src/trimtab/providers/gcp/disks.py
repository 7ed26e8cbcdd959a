"""The types of Persistent Disk and Hyperdisk."""

from trimtab.declarations.disks import DiskRow

_PD = "https://cloud.google.com/compute/docs/disks/persistent-disks"
_HD = "https://cloud.google.com/compute/docs/disks/hyperdisks"
_BOOT = "https://cloud.google.com/compute/docs/disks/add-hyperdisk"

DISKS = (
    DiskRow(word="pd-standard", like="standard", is_class=True, text="standard HDD", source=_PD),
    DiskRow(word="pd-balanced", like="ssd", is_class=True, text="balanced SSD", source=_PD),
    DiskRow(word="pd-ssd", like="fast-ssd", is_class=True, text="performance SSD", source=_PD),
    DiskRow(word="pd-extreme", like="fast-ssd", iops=True, text="extreme SSD", source=_PD),
    DiskRow(word="hyperdisk-balanced", like="ssd", iops=True, throughput=True, text="balanced Hyperdisk", source=_HD),
    DiskRow(
        word="hyperdisk-balanced-high-availability",
        like="ssd",
        iops=True,
        throughput=True,
        text="balanced Hyperdisk, copied to two zones",
        source=_HD,
    ),
    DiskRow(word="hyperdisk-extreme", like="fast-ssd", iops=True, boots=False, text="extreme Hyperdisk", source=_BOOT),
    DiskRow(
        word="hyperdisk-throughput",
        like="standard",
        throughput=True,
        boots=False,
        text="throughput optimized Hyperdisk",
        source=_BOOT,
    ),
    DiskRow(
        word="hyperdisk-ml",
        like="fast-ssd",
        throughput=True,
        boots=False,
        text="Hyperdisk for machine learning, read by many",
        source=_BOOT,
    ),
)
"""Which machine types take Hyperdisk, and which take nothing else, Google says per series."""
