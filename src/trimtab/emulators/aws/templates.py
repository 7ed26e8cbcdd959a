"""EC2 launch templates: create, version, describe, make default, delete."""

from base64 import b64decode
from fnmatch import fnmatchcase
from typing import Any

from moto.ec2.utils import convert_tag_spec, parse_user_data

from trimtab.emulators.aws.calls import Answer, Call, page
from trimtab.emulators.aws.wire import plain
from trimtab.emulators.shared.errors import ServiceError

# moto's classes; what is known of them is what is used here
Template = Any
Version = Any
_PAGE: dict[str, Any] = {"size": "MaxResults", "default": 200, "top": 200, "bad_token": "InvalidNextToken"}


def create_launch_template(call: Call) -> Answer:
    """A new template with its first version."""
    return _once(call, lambda: {"LaunchTemplate": _template(call, _create(call))})


def create_launch_template_version(call: Call) -> Answer:
    """One more version, with what it takes over from its source."""
    return _once(call, lambda: {"LaunchTemplateVersion": _version(call, _create_version(call))})


def modify_launch_template(call: Call) -> Answer:
    """A template with another default version."""
    if call.params.get("LaunchTemplateName") and call.params.get("LaunchTemplateId"):
        text = "Either provide launch template ID or launch template name to modify the template."
        raise ServiceError("InvalidParameterCombination", text)
    template = find_template(call)
    if call.params.get("DefaultVersion") is not None:
        template.default_version_number = _default_of(template, call.params["DefaultVersion"])
    return {"LaunchTemplate": _template(call, template)}


def _default_of(template: Template, which: str) -> int:
    try:
        number: int = find_version(template, which).number
    except ServiceError as error:
        text = f"The launch template version {which} is not found for the specified launch template."
        raise ServiceError(error.code, text) from None
    return number


def delete_launch_template(call: Call) -> Answer:
    """A template gone, used or not."""
    template = find_template(call)
    call.region.ec2.delete_launch_template(template.name, None)
    return {"LaunchTemplate": _template(call, template)}


def delete_launch_template_versions(call: Call) -> Answer:
    """Versions gone, but for the default one."""
    template = find_template(call)
    done, failed = [], []
    for number in call.params["Versions"]:
        version = next((each for each in template.versions if str(each.number) == number), None)
        about = {"LaunchTemplateId": template.id, "LaunchTemplateName": template.name}
        if version is None or template.is_default(version):
            code = "launchTemplateVersionDoesNotExist" if version is None else "unexpectedError"
            error = {"Code": code, "Message": f"version {number}"}
            failed.append({**about, "VersionNumber": int(number), "ResponseError": error})
        else:
            _gone(template).add(version.number)
            done.append({**about, "VersionNumber": version.number})
    return {
        "SuccessfullyDeletedLaunchTemplateVersions": done,
        "UnsuccessfullyDeletedLaunchTemplateVersions": failed,
    }


def describe_launch_templates(call: Call) -> Answer:
    """The templates: those that are named in that order, else in the order in which they were made."""
    params, ec2 = call.params, call.region.ec2
    names, numbers = params.get("LaunchTemplateNames"), params.get("LaunchTemplateIds")
    for name in names or ():
        if name not in ec2.launch_template_name_to_ids:
            raise _no_names()
    for number in numbers or ():
        if number not in ec2.launch_templates:
            raise _no_id(number)
    named = [ec2.launch_template_name_to_ids[name] for name in names or ()]
    templates = [
        template
        for template in (ec2.launch_templates[each] for each in dict.fromkeys(named or numbers or ec2.launch_templates))
        if (not numbers or template.id in numbers)
        and all(_passes(template, rule) for rule in params.get("Filters") or [])
    ]
    return page(call, [_template(call, each) for each in templates], "LaunchTemplates", **_PAGE)


def describe_launch_template_versions(call: Call) -> Answer:
    """The versions of one template, or the latest and default ones of all."""
    params = call.params
    wanted = params.get("Versions") or []
    if params.get("LaunchTemplateName") or params.get("LaunchTemplateId"):
        versions = _versions(find_template(call), wanted, params)
    else:
        versions = _versions_of_all(call, wanted)
    return page(call, [_version(call, each) for each in versions], "LaunchTemplateVersions", **_PAGE)


def find_template(call: Call) -> Template:
    """The template that a call names."""
    name, number = call.params.get("LaunchTemplateName"), call.params.get("LaunchTemplateId")
    if bool(name) == bool(number):
        text = "The request must contain the parameter launch template ID or launch template name"
        raise ServiceError("MissingParameter", text)
    ec2 = call.region.ec2
    if name and name not in ec2.launch_template_name_to_ids:
        raise _no_name(name)
    template = ec2.launch_templates.get(number or ec2.launch_template_name_to_ids.get(name))
    if template is None:
        raise _no_id(number)
    return template


def _once(call: Call, make: Any) -> Answer:
    token = call.params.get("ClientToken")
    if not token:
        return dict(make())
    key, request = (call.operation, token), plain(call.params)
    if key in call.region.tokens:
        earlier, answer = call.region.tokens[key]
        if earlier != request:
            raise ServiceError(
                "IdempotentParameterMismatch",
                "The client token has already been used for a different request",
            )
        return dict(answer)
    answer = make()
    call.region.tokens[key] = (request, answer)
    return dict(answer)


def _create(call: Call) -> Template:
    params, ec2 = call.params, call.region.ec2
    name = params["LaunchTemplateName"]
    if name in ec2.launch_template_name_to_ids:
        raise ServiceError(
            "InvalidLaunchTemplateName.AlreadyExistsException",
            "Launch template name already in use.",
        )
    tags = convert_tag_spec(params.get("TagSpecifications") or [], tag_key="Tags")
    data = _data(params["LaunchTemplateData"])
    template = ec2.create_launch_template(name, params.get("VersionDescription"), data, tags)
    template.create_time = template.versions[0].create_time = call.world.now()
    return template


def _create_version(call: Call) -> Version:
    params = call.params
    template = find_template(call)
    data = _data(params["LaunchTemplateData"])
    if params.get("SourceVersion") is not None:
        data = {**find_version(template, params["SourceVersion"]).data, **data}
    version = template.create_version(data, params.get("VersionDescription"))
    version.create_time = call.world.now()
    return version


def _data(given: dict[str, Any]) -> dict[str, Any]:
    data = {name: value for name, value in given.items() if value is not None}
    if "UserData" in data:
        try:
            b64decode(data["UserData"], validate=True)
        except ValueError:
            raise ServiceError("InvalidUserData.Malformed", "Invalid BASE64 encoding of user data.") from None
        data["UserData"] = parse_user_data(data["UserData"])
    return data


def _versions(template: Template, wanted: list[str], params: dict[str, Any]) -> list[Version]:
    if wanted:
        return list({each.number: each for each in (find_version(template, version) for version in wanted)}.values())
    low, high = int(params.get("MinVersion") or 1), int(params.get("MaxVersion") or 10**9)
    # the newest comes first
    return [each for each in reversed(_there(template)) if low <= each.number <= high]


def _versions_of_all(call: Call, wanted: list[str]) -> list[Version]:
    if not wanted or not set(wanted) <= {"$Latest", "$Default"}:
        raise ServiceError(
            "InvalidParameterValue" if wanted else "MissingParameter",
            "To describe the launch template data for all your launch templates, for ‘--versions’ specify ‘$Latest’, "
            "‘$Default’, or both, and omit ‘--launch-template-id’, ‘--launch-template-name’, and version numbers. To "
            "describe the launch template data for a specific launch template, specify ‘--launch-template-id’ or "
            "‘--launch-template-name’, and for ‘--versions’ specify one or more of the following values: ‘$Latest’, "
            "‘$Default’, or one or more version numbers.",
        )
    versions = []
    for template in sorted(call.region.ec2.launch_templates.values(), key=lambda each: str(each.name)):
        versions += _versions(template, wanted, {})
    return versions


def find_version(template: Template, which: str) -> Version:
    """The version of that number, or of `$Latest` or `$Default`."""
    versions = _there(template)
    if which == "$Latest":
        return versions[-1]
    number = str(template.default_version_number) if which == "$Default" else which
    for version in versions:
        if str(version.number) == number:
            return version
    raise ServiceError(
        "InvalidLaunchTemplateId.VersionNotFound",
        f"Could not find the specified version {which} for the launch template with ID {template.id}.",
    )


def _there(template: Template) -> list[Version]:
    return [each for each in template.versions if each.number not in _gone(template)]


def _gone(template: Template) -> set[int]:
    # moto finds a version by its place in the list, so one that is deleted is only marked
    if not hasattr(template, "deleted_versions"):
        template.deleted_versions = set()
    gone: set[int] = template.deleted_versions
    return gone


def _template(call: Call, template: Template) -> dict[str, Any]:
    return {
        "LaunchTemplateId": template.id,
        "LaunchTemplateName": template.name,
        "CreateTime": template.create_time,
        "CreatedBy": f"arn:aws:iam::{call.region.account}:root",
        "DefaultVersionNumber": template.default_version_number,
        "LatestVersionNumber": _there(template)[-1].number,
        "Tags": [{"Key": key, "Value": value} for key, value in sorted(_tags(template).items())],
    }


def _version(call: Call, version: Version) -> dict[str, Any]:
    return {
        "LaunchTemplateId": version.template.id,
        "LaunchTemplateName": version.template.name,
        "VersionNumber": version.number,
        "VersionDescription": version.description,
        "CreateTime": version.create_time,
        "CreatedBy": f"arn:aws:iam::{call.region.account}:root",
        "DefaultVersion": version.template.is_default(version),
        "LaunchTemplateData": version.data,
    }


def _passes(template: Template, rule: dict[str, Any]) -> bool:
    name, values = rule["Name"], rule.get("Values") or []
    tags = _tags(template)
    if name == "launch-template-name":
        candidates = [template.name]
    elif name == "tag-key":
        candidates = list(tags)
    elif name.startswith("tag:"):
        candidates = [tags[name[4:]]] if name[4:] in tags else []
    else:
        raise ServiceError("InvalidParameterValue", f"The filter '{name}' is invalid")
    return any(fnmatchcase(each, pattern) for each in candidates for pattern in values)


def _tags(template: Template) -> dict[str, str]:
    return {str(tag["key"]): str(tag["value"]) for tag in template.get_tags()}


def _no_name(name: str) -> ServiceError:
    return ServiceError(
        "InvalidLaunchTemplateName.NotFoundException",
        f"The specified launch template, with template name {name}, does not exist.",
    )


def _no_names() -> ServiceError:
    text = "At least one of the launch templates specified in the request does not exist."
    return ServiceError("InvalidLaunchTemplateName.NotFoundException", text)


def _no_id(number: str | None) -> ServiceError:
    return ServiceError(
        "InvalidLaunchTemplateId.NotFound",
        f"The specified launch template, with template ID {number}, does not exist.",
    )
