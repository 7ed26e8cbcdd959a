"""The types of managed disks."""

from trimtab.declarations.disks import DiskRow

_TYPES = "https://learn.microsoft.com/azure/virtual-machines/disks-types"
_ZONES = "https://learn.microsoft.com/azure/virtual-machines/disks-redundancy"

DISKS = (
    DiskRow(word="Standard_LRS", like="standard", is_class=True, text="standard HDD", source=_TYPES),
    DiskRow(word="StandardSSD_LRS", like="ssd", is_class=True, text="standard SSD", source=_TYPES),
    DiskRow(word="StandardSSD_ZRS", like="ssd", text="standard SSD, copied to three zones", source=_ZONES),
    DiskRow(word="Premium_LRS", like="fast-ssd", is_class=True, text="premium SSD", source=_TYPES),
    DiskRow(word="Premium_ZRS", like="fast-ssd", text="premium SSD, copied to three zones", source=_ZONES),
    DiskRow(
        word="PremiumV2_LRS",
        like="fast-ssd",
        iops=True,
        throughput=True,
        boots=False,
        text="premium SSD v2",
        source=_TYPES,
    ),
    DiskRow(
        word="UltraSSD_LRS", like="fast-ssd", iops=True, throughput=True, boots=False, text="ultra disk", source=_TYPES
    ),
)
"""Which of them a size of a machine takes, Azure says per size."""
