"""The operations of the services that are asked, as botocore's models have them."""

import botocore.session
from botocore import xform_name

SERVICES = ("sns", "iam", "kms", "elbv2", "autoscaling", "cloudwatch", "ec2", "ssm", "sqs", "service-quotas")
"""Of two that name an operation alike, the one that is asked stands behind the other."""
SESSION = botocore.session.get_session()
MODELS = {
    xform_name(name): (service, name)
    for service in SERVICES
    for name in SESSION.get_service_model(service).operation_names
}


def model_of(operation):
    service, name = MODELS[operation]
    return SESSION.get_service_model(service).operation_model(name)
