"""The types of EBS volumes."""

from trimtab.declarations.disks import DiskRow

_TYPES = "https://docs.aws.amazon.com/ebs/latest/userguide/ebs-volume-types.html"
_BOOT = "botocore ec2:CreateVolumeRequest.VolumeType"

DISKS = (
    DiskRow(word="standard", like="standard", is_class=True, text="magnetic, previous generation", source=_TYPES),
    DiskRow(
        word="gp3", like="ssd", is_class=True, iops=True, throughput=True, text="general purpose SSD", source=_TYPES
    ),
    DiskRow(word="gp2", like="ssd", text="general purpose SSD, whose speed grows with its size", source=_TYPES),
    DiskRow(
        word="io2", like="fast-ssd", is_class=True, iops=True, text="provisioned IOPS SSD; takes `iops`", source=_TYPES
    ),
    DiskRow(word="io1", like="fast-ssd", iops=True, text="provisioned IOPS SSD; takes `iops`", source=_TYPES),
    DiskRow(word="st1", like="standard", boots=False, text="throughput optimized HDD", source=_BOOT),
    DiskRow(word="sc1", like="standard", boots=False, text="cold HDD", source=_BOOT),
)
"""`iops` of each type are bound by its rows of constraints."""
