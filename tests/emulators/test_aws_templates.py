from typing import Any

import pytest
from aws_bench import START, Aws, code

DATA = {"ImageId": "ami-03cf127a", "InstanceType": "t3.large"}


def versions(aws: Aws, **wanted: Any) -> list[tuple[str, int]]:
    found = aws.ec2.describe_launch_template_versions(**wanted)["LaunchTemplateVersions"]
    return [(each["LaunchTemplateName"], each["VersionNumber"]) for each in found]


def add(aws: Aws, name: str = "web", **given: Any) -> dict[str, Any]:
    made = aws.ec2.create_launch_template_version(LaunchTemplateName=name, LaunchTemplateData=DATA, **given)
    return dict(made["LaunchTemplateVersion"])


def test_a_template_and_its_first_version_as_they_are_described(aws: Aws) -> None:
    tags = [{"Key": "z", "Value": "1"}, {"Key": "a", "Value": "2"}]
    specification = [{"ResourceType": "launch-template", "Tags": tags}]
    aws.make_template("tagged", TagSpecifications=specification, VersionDescription="first")
    template = aws.ec2.describe_launch_templates(LaunchTemplateNames=["tagged"])["LaunchTemplates"][0]
    assert (template["DefaultVersionNumber"], template["LatestVersionNumber"]) == (1, 1)
    assert template["Tags"] == tags[::-1]
    assert template["CreateTime"] == START
    version = aws.ec2.describe_launch_template_versions(LaunchTemplateName="tagged")["LaunchTemplateVersions"][0]
    assert version["VersionDescription"] == "first"
    assert version["DefaultVersion"] is True
    # the template's own tags are no part of what it launches
    assert set(version["LaunchTemplateData"]) == {"ImageId", "InstanceType", "UserData"}


def test_a_name_that_is_taken(aws: Aws) -> None:
    assert code(aws.make_template) == "InvalidLaunchTemplateName.AlreadyExistsException"


def test_the_same_token_answers_the_same_template(aws: Aws) -> None:
    first = aws.make_template("a", ClientToken="t1")
    assert aws.make_template("a", ClientToken="t1") == first
    assert code(aws.make_template, name="b", ClientToken="t1") == "IdempotentParameterMismatch"


def test_the_same_token_answers_the_same_version(aws: Aws) -> None:
    first = add(aws, ClientToken="t1")
    assert add(aws, ClientToken="t1") == first
    assert add(aws, ClientToken="t2")["VersionNumber"] == 3


def test_versions_of_all_templates(aws: Aws) -> None:
    aws.make_template("api")
    add(aws)
    assert versions(aws, Versions=["$Latest"]) == [("api", 1), ("web", 2)]
    assert sorted(versions(aws, Versions=["$Latest", "$Default"])) == [("api", 1), ("web", 1), ("web", 2)]
    assert code(aws.ec2.describe_launch_template_versions) == "MissingParameter"
    assert code(aws.ec2.describe_launch_template_versions, Versions=["1"]) == "InvalidParameterValue"


def test_versions_of_one_template(aws: Aws) -> None:
    add(aws)
    add(aws)
    name = {"LaunchTemplateName": "web"}
    assert [number for _, number in versions(aws, **name)] == [3, 2, 1]
    assert versions(aws, **name, Versions=["$Default", "2"]) == [("web", 1), ("web", 2)]
    assert versions(aws, **name, MinVersion="2", MaxVersion="2") == [("web", 2)]
    call = aws.ec2.describe_launch_template_versions
    assert code(call, LaunchTemplateName="none") == "InvalidLaunchTemplateName.NotFoundException"
    assert code(call, LaunchTemplateId="lt-0123456789abcdef0") == "InvalidLaunchTemplateId.NotFound"
    assert code(call, **name, Versions=["9"]) == "InvalidLaunchTemplateId.VersionNotFound"


def test_pages(aws: Aws) -> None:
    for number in range(201):
        aws.make_template(f"t{number:03}")
    ec2 = aws.ec2
    pages = ec2.get_paginator("describe_launch_template_versions").paginate(Versions=["$Latest"], MaxResults=200)
    assert [len(page["LaunchTemplateVersions"]) for page in pages] == [200, 2]
    pages = ec2.get_paginator("describe_launch_templates").paginate(MaxResults=200)
    assert [len(page["LaunchTemplates"]) for page in pages] == [200, 2]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"Name": "launch-template-name", "Values": ["virtualmin-*"]}, ["virtualmin-web", "virtualmin-api"]),
        ({"Name": "tag:team", "Values": ["a*"]}, ["virtualmin-web"]),
        ({"Name": "tag-key", "Values": ["team"]}, ["virtualmin-web"]),
        ({"Name": "tag:team", "Values": ["z"]}, []),
    ],
)
def test_filters(aws: Aws, rule: dict[str, Any], expected: list[str]) -> None:
    tags = [{"ResourceType": "launch-template", "Tags": [{"Key": "team", "Value": "alpha"}]}]
    aws.make_template("virtualmin-web", TagSpecifications=tags)
    aws.make_template("virtualmin-api")
    found = aws.ec2.describe_launch_templates(Filters=[rule])["LaunchTemplates"]
    assert [each["LaunchTemplateName"] for each in found] == expected


def test_templates_that_are_named_come_in_that_order(aws: Aws) -> None:
    names = ["third", "first", "second"]
    for name in sorted(names):
        aws.make_template(name)
    described = aws.ec2.describe_launch_templates(LaunchTemplateNames=names)["LaunchTemplates"]
    assert [each["LaunchTemplateName"] for each in described] == names
    ids = [each["LaunchTemplateId"] for each in described]
    again = aws.ec2.describe_launch_templates(LaunchTemplateIds=ids)["LaunchTemplates"]
    assert [each["LaunchTemplateName"] for each in again] == names


def test_a_new_version_takes_over_from_its_source(aws: Aws) -> None:
    data = add(aws, SourceVersion="1")["LaunchTemplateData"]
    assert (data["InstanceType"], "UserData" in data) == ("t3.large", True)
    assert "UserData" not in add(aws)["LaunchTemplateData"]


def test_another_default_version(aws: Aws) -> None:
    add(aws)
    reply = aws.ec2.modify_launch_template(LaunchTemplateName="web", DefaultVersion="2")["LaunchTemplate"]
    assert reply["DefaultVersionNumber"] == 2
    call = aws.ec2.modify_launch_template
    assert code(call, LaunchTemplateName="web", DefaultVersion="9") == "InvalidLaunchTemplateId.VersionNotFound"


def test_versions_are_deleted_but_for_the_default(aws: Aws) -> None:
    add(aws)
    add(aws)
    reply = aws.ec2.delete_launch_template_versions(LaunchTemplateName="web", Versions=["1", "3", "9"])
    assert [each["VersionNumber"] for each in reply["SuccessfullyDeletedLaunchTemplateVersions"]] == [3]
    assert [each["VersionNumber"] for each in reply["UnsuccessfullyDeletedLaunchTemplateVersions"]] == [1, 9]
    assert versions(aws, Versions=["$Latest"]) == [("web", 2)]
    assert add(aws)["VersionNumber"] == 4


def test_one_in_use_can_be_deleted(aws: Aws) -> None:
    aws.make_group()
    aws.ec2.delete_launch_template(LaunchTemplateName="web")
    assert aws.group()["LaunchTemplate"]["LaunchTemplateName"] == "web"
    assert code(aws.ec2.delete_launch_template, LaunchTemplateName="web") == (
        "InvalidLaunchTemplateName.NotFoundException"
    )


def test_a_dry_run_changes_nothing(aws: Aws) -> None:
    assert code(aws.make_template, name="dry", DryRun=True) == "DryRunOperation"
    assert not aws.doors.requests()[-1].write
    assert len(aws.ec2.describe_launch_templates()["LaunchTemplates"]) == 1
