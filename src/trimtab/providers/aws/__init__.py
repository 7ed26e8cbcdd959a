"""The provider for AWS: EC2 Auto Scaling, launch templates, CloudWatch alarms."""
