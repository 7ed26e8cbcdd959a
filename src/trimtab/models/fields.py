"""What is said of the fields of models, by class; `nox -s renew` writes it from the docstrings in the source."""

FIELDS = {
    "trimtab.models.alarm.Alarm": {
        "name": "Unique within the group.",
        "metric": "What is watched.",
        "statistic": "`average`, `minimum`, `maximum`, `sum`, `count`, a percentile such as `p95`, or a trimmed statistic of CloudWatch.\n\nSuch as `tm90`, `TM(10%:90%)`, `IQM` or `PR(:300)`.",
        "sample_unit": "Only samples published with this unit count, in CloudWatch's words, such as `Percent`; any when left out.",
        "above": "Breaching when the value is above this, in the metric's unit.",
        "at_least": "Breaching when the value is this or above.",
        "below": "Breaching when the value is below this.",
        "at_most": "Breaching when the value is this or below.",
        "period": "Length of one datapoint; one minute when left out.",
        "periods": "N of M out of N: how many of the last datapoints are looked at.",
        "datapoints": "M of M out of N: how many of them must breach; all when left out.",
        "missing": "How a period without a datapoint counts.",
        "triggers": "Policies of the same group, by name.",
        "notify": "Notification targets told when it fires: topic, action group or channel, by the vendor's id.",
        "notify_ok": "Notification targets told when it is over.",
        "notify_no_data": "Notification targets told when too few datapoints are there to judge by (AWS).",
        "severity": "How much it matters to people, where the cloud has a place for it; a warning there when left out.\n\n`critical`, `error`, `warning`, `informational` or `verbose`: 0 to 4 on Azure, and the first three on Google Cloud.",
        "enabled": "Whether its actions run.",
        "description": "A sentence for people who see the alarm in the cloud."
    },
    "trimtab.models.built_in.ProviderSettings": {
        "aws": "What only EC2 Auto Scaling has.",
        "azure": "What only Azure VM Scale Sets and autoscale settings have.",
        "gcp": "What only Google Cloud managed instance groups and autoscalers have.",
        "settings": "Those of providers that do not come with trimtab, by the provider's name."
    },
    "trimtab.models.connect.ConnectSettings": {
        "provider": "`aws`, `azure`, `gcp`, or one that another distribution brings. With another provider the block says nothing.",
        "region": "Where groups without a location live.",
        "subscription": "The id of the subscription (Azure).",
        "resource_group": "Where groups live that name no other resource group (Azure).",
        "project": "The id of the project (Google).",
        "settings": "What else a provider takes that does not come with trimtab, by the names that it declares."
    },
    "trimtab.models.connect.HaproxyBalancer": {
        "socket": "Path of its stats socket on the machine where trimtab runs, which may be forwarded; level `admin`.",
        "address": "`HOST:PORT` of its runtime API, in place of `socket`.",
        "tls": "Whether `address` is asked by TLS; it must be, unless it is on this machine.",
        "ca": "A file of certificates of authorities to trust, in place of the system's; beside the fleet file.",
        "certificate": "A PEM file with a certificate of one's own and its key; beside the fleet file.",
        "server_name": "The name that its certificate must have; the host of `address` when left out.",
        "backend": "The backend whose servers the instances become; it takes an algorithm other than `static-rr` and `source`.",
        "port": "The port that the instances serve on.",
        "path": "What a new instance is asked over HTTP before it gets traffic; a connection is enough when left out.",
        "reach": "By which of its addresses an instance is probed and becomes a server.",
        "drain": "How long a leaving instance may finish its requests; what is left then is cut off.",
        "check_interval": "From one of HAProxy's own checks of a server to the next.",
        "max_connections": "Most connections of HAProxy to one instance at a time; others wait in its queue. No limit when left out."
    },
    "trimtab.models.connect.EnvironmentVariable": {
        "env": "The variable of the environment that holds it, where trimtab runs."
    },
    "trimtab.models.connect.SourceSettings": {
        "prometheus": "Address of a Prometheus, or of what speaks its HTTP API; it answers PromQL metrics.",
        "http": "Address of a JSON document with a number in it, the newest value.",
        "file": "A file: CSV with a moment and a value in each line, JSON, or one number; beside the fleet file.",
        "haproxy": "A group of the fleet whose HAProxies are asked; their backends are counted as one.",
        "measure": "What of them: `requests` and `errors-5xx` of a period, average `latency` in seconds, or the length of `queue`.",
        "path": "Where in the JSON the number is: a JSON pointer (`/queues/0/depth`) or with dots (`queues.0.depth`).",
        "token": "Sent as a bearer token.",
        "username": "With `password`, sent as basic authentication.",
        "password": "See `username`.",
        "headers": "What else is sent, such as `X-Scope-OrgID`.",
        "ca": "A file of certificates of authorities to trust, in place of the system's; beside the fleet file.",
        "certificate": "A PEM file with a certificate of one's own and its key; beside the fleet file.",
        "timeout": "How long a query may take; ten seconds when left out.",
        "stale_after": "How old a sample may be to count; five minutes when left out."
    },
    "trimtab.models.fleet.Fleet": {
        "name": "Marks everything that belongs to the fleet in the cloud.",
        "groups": "The scaling groups.",
        "controller": "Consent to groups whose size a running trimtab decides, where the cloud cannot.",
        "connect": "How its cloud is reached; what the command line or the caller gives goes first.",
        "limits": "How much one apply may change; a plan that changes more is refused.",
        "loadtest": "What load tests may send requests to; others are refused.",
        "sources": "Where metrics come from that the cloud does not measure, by name; a running controller reads them.",
        "overlays": "What is different for a provider or an environment, by name: a fleet with nothing required, in the file's words.\n\nA provider's own overlay applies by itself with that provider, others where they are asked for."
    },
    "trimtab.models.group.Capacity": {
        "min": "Least instances; scaling never goes below.",
        "max": "Most instances; scaling never goes above.",
        "desired": "The size to begin with; once a policy, a schedule or a controller owns the size it is not planned for."
    },
    "trimtab.models.group.Placement": {
        "zones": "Zone names; those of the subnets, or all of the location, when left out.",
        "subnets": "Subnets by the vendor's id.",
        "subnet_tags": "Subnets by their tags, all of which must match.",
        "network": "The network that the subnets belong to (Azure, Google), by name or id."
    },
    "trimtab.models.group.LoadBalancer": {
        "name": "By name; looked up when planning.",
        "id": "By the vendor's id.",
        "port": "Port of the instances, where the vendor keeps it with the group (Google).",
        "drain": "How long a leaving instance may finish its requests, where the vendor keeps it with the group (Google).",
        "alternate": "The second pool behind the same listener, rule or URL map, in the form of the first: its name, or its id.\n\nA blue-green rollout puts the new group into the one of the two that the old group is not in, and shifts weights.",
        "haproxy": "A HAProxy, which no cloud knows: trimtab itself keeps the instances in it."
    },
    "trimtab.models.group.HealthCheck": {
        "by": "What is asked: the instance itself, or the load balancer too.",
        "grace": "How long after its start an instance is not judged; the vendor's default when left out.",
        "path": "HTTP path, where the group has a check of its own (Azure, Google).",
        "port": "Port that `path` is asked on; the vendor's default when left out.",
        "protocol": "How the instance is asked; with `path` https on port 443, else http when left out; without it tcp.",
        "host": "Host that `path` is asked of, as in its `Host` header (Google); the instance's address when left out.",
        "interval": "From one question to the next, where the group has a check of its own; the vendor's default when left out.",
        "timeout": "How long an answer may take (Google); the vendor's default when left out.",
        "healthy_threshold": "Good answers in a row that make an unhealthy instance healthy; the vendor's default when left out.",
        "unhealthy_threshold": "Bad answers in a row that make a healthy instance unhealthy; the vendor's default when left out."
    },
    "trimtab.models.group._NeutralFields": {
        "name": "Unique within the fleet; the group is called FLEET-NAME in the cloud.",
        "native_name": "The group's name in the cloud, when it is not FLEET-NAME.",
        "location": "Region; the connection's when left out.",
        "capacity": "Least, most and first number of instances; a number alone is all three.",
        "template": "What an instance is made from.",
        "placement": "Zones and subnets.",
        "load_balancers": "Pools that instances join, by name or by id; and HAProxies.",
        "health_check": "Who says that an instance is healthy.",
        "purchase": "On demand, spot, or a mix of both.",
        "cooldown": "Default wait between changes by simple policies; the vendor's when left out.",
        "warm_up": "How long a new instance's metrics are not counted; the vendor's default when left out.",
        "stabilization": "How far back scale in looks for a higher recommendation, where the vendor or the controller can.",
        "protect_from_scale_in": "New instances are not removed by scaling in.",
        "policies": "What changes the size.",
        "alarms": "What triggers policies and notifies people.",
        "schedules": "Sizes that are set at their time.",
        "tags": "Tags of the group and of its instances.",
        "rollout": "How a changed template reaches running instances; new ones only when left out."
    },
    "trimtab.models.group.ScalingGroup": {
        "unmanaged": "Fields left to others, by path: `health_check.grace`, `policies.scale-out.cooldown`."
    },
    "trimtab.models.limits.PlanLimits": {
        "fall": "How far the size of a group may fall at once: a number of instances, or a share such as `25%`.",
        "rise": "How far the size of a group may rise at once; a new group has no size to rise from.",
        "deletions": "How many things may be deleted or replaced: a group with all that is in it counts as one."
    },
    "trimtab.models.limits.LoadtestSettings": {
        "hosts": "Hosts whose owner agrees to load: `HOST` with any port, or `HOST:PORT`; an address in IPv6 has brackets."
    },
    "trimtab.models.metric.MetricPart": {
        "name": "The vendor's own name; `custom` in a file.",
        "namespace": "Its namespace.",
        "dimensions": "Its dimensions; `{group}` in a value stands for the group's name in the cloud.",
        "statistic": "How its samples are combined, in the words of an alarm's `statistic`."
    },
    "trimtab.models.metric.Metric": {
        "name": "Neutral name, or the vendor's own name of a custom metric, a label of a PromQL query, or the name of a source.",
        "unit": "Unit of every value, threshold and target; per cents are 0 to 100.",
        "source": "Who measures it.",
        "namespace": "Namespace of a custom metric (CloudWatch and Azure namespaces; a Cloud Monitoring type prefix).",
        "dimensions": "Dimensions or labels of a custom metric; `{group}` in a value stands for the group's name in the cloud.",
        "of": "The balancer or queue that is meant, where the group does not tell.",
        "query": "The PromQL query; in its texts `{group}` stands for the group's name in the cloud. Or a `math` expression.",
        "parts": "The metrics that a `math` expression is about, by the names that it has for them (AWS).",
        "source_name": "The source of the fleet that answers the PromQL query; the cloud does not, then."
    },
    "trimtab.models.policy._Amount": {
        "change": "Instances to add, or to remove when negative.",
        "percent": "Per cent of the size to add, or to remove when negative.",
        "to": "The exact size to go to."
    },
    "trimtab.models.policy._Policy": {
        "name": "Unique within the group.",
        "enabled": "Whether it acts.",
        "approximate": "Consent to a native form whose result may differ in size; the plan says how."
    },
    "trimtab.models.policy.SimplePolicy": {
        "type": "Which policy this is.",
        "minimum_change": "The least number of instances that `percent` moves.",
        "cooldown": "How long the next change waits; the vendor's default when left out."
    },
    "trimtab.models.policy.Step": {
        "lower": "Where the step begins, as an offset from the threshold; open when left out.",
        "upper": "Where the step ends, as an offset from the threshold; open when left out."
    },
    "trimtab.models.policy.StepPolicy": {
        "type": "Which policy this is.",
        "steps": "In order, without a gap or an overlap.",
        "minimum_change": "The least number of instances that `percent` moves.",
        "warm_up": "How long a new instance is not counted in; the group's `warm_up` when left out."
    },
    "trimtab.models.policy.TargetTrackingPolicy": {
        "type": "Which policy this is.",
        "metric": "What is held at `target`.",
        "target": "In the metric's unit.",
        "statistic": "How datapoints are combined; for custom metrics.",
        "scale_in": "Whether it also removes instances.",
        "warm_up": "How long a new instance is not counted in; the group's `warm_up` when left out."
    },
    "trimtab.models.policy.PredictivePolicy": {
        "type": "Which policy this is.",
        "metric": "What is held at `target`, and forecast unless `load` says otherwise.",
        "load": "What is forecast in place of `metric`, as the total of the group: the load that `metric` follows (AWS).",
        "target": "In the metric's unit.",
        "mode": "Whether the forecast changes the size or is only made.",
        "buffer": "How long before the forecast load the instances start.",
        "maximum_breach": "What happens when the forecast is above the group's maximum.",
        "maximum_buffer": "Per cent above the forecast, with `maximum_breach: increase`."
    },
    "trimtab.models.policy.PythonPolicy": {
        "type": "Which policy this is.",
        "call": "The function by its import path, `package.module:function`; it is marked with `@trimtab.policy`."
    },
    "trimtab.models.purchase.SizeOption": {
        "size": "The instance type, in the vendor's words.",
        "weight": "How many units of capacity one such instance counts for; 1 when left out."
    },
    "trimtab.models.purchase.Purchase": {
        "spot": "Whether instances above the on-demand part are spot.",
        "on_demand_base": "The first so many instances are on demand.",
        "on_demand_percent": "Per cent of the instances above the base that are on demand; a fraction goes to on demand.",
        "strategy": "Which spare capacity is asked for first; the vendor's default when left out.",
        "max_price": "Most to pay for an instance-hour of spot, in the vendor's currency; the on-demand price when left out.",
        "sizes": "Instance types in order of preference; the template's size when left out.",
        "rebalance": "Replace spot instances at risk before they are taken.",
        "fallback": "What runs in place of spot instances that cannot be had; nothing when left out.",
        "fallback_after": "How long spot has to be short before instances run on demand in its place.",
        "return_after": "How long instances run on demand before spot is tried again.",
        "reservation": "Capacity reservation to use, by the vendor's id."
    },
    "trimtab.models.rollout.Checkpoint": {
        "percent": "Per cent of the instances that have the new template, rounded up; of a blue-green rollout, of the requests.",
        "bake": "How long it stands still there; all gates have to hold at the end of that. Not at all when left out."
    },
    "trimtab.models.rollout.HealthGate": {
        "type": "Which gate this is."
    },
    "trimtab.models.rollout.BalancerGate": {
        "type": "Which gate this is."
    },
    "trimtab.models.rollout.AlarmGate": {
        "type": "Which gate this is.",
        "alarms": "Alarms of the group by name, or any other alarm by its name in the cloud."
    },
    "trimtab.models.rollout.HttpGate": {
        "type": "Which gate this is.",
        "path": "What is asked for.",
        "port": "On which port; 80, or 443 with https, when left out.",
        "protocol": "How it is asked; the certificate of an instance is not checked.",
        "status": "The status of a good answer.",
        "address": "Which address of the instance is asked.",
        "timeout": "How long an answer may take."
    },
    "trimtab.models.rollout.CommandGate": {
        "type": "Which gate this is.",
        "run": "The program and its arguments; no shell reads them.",
        "timeout": "How long it may take; it is ended then, and that counts as a failure."
    },
    "trimtab.models.rollout.MetricGate": {
        "type": "Which gate this is.",
        "metric": "What is measured.",
        "worse": "Which values are the worse ones.",
        "significance": "How likely a difference such as this may be without a cause before it counts.",
        "samples": "Values of each side that are waited for."
    },
    "trimtab.models.rollout.Rollout": {
        "strategy": "In place, batch by batch; the same with a small first checkpoint; or beside the old ones, in a second group.",
        "max_unavailable": "Instances that may be out of service at a time; 1 when left out, or 0 beside `max_surge`.",
        "max_surge": "Instances above the size that may run at a time; none when left out.",
        "min_healthy": "Instances that are healthy at every moment, as far as the rollout can keep them so.",
        "checkpoints": "Where it stops to look, growing; a number alone is the per cent. A canary has 10 when left out.\n\nIn a blue-green rollout they are shares of the requests that the new group is sent, by the weights of a balancer.",
        "bake": "How long the old template is kept once all have the new one; all gates have to hold at the end of that.",
        "skip_matching": "Whether instances that have the new template already are left alone.",
        "protected_instances": "What becomes of instances that are protected from scaling in.",
        "standby_instances": "What becomes of instances on standby (AWS).",
        "gates": "What has to hold at each checkpoint and at the end; that new instances are healthy is always asked.",
        "batch_timeout": "How long the way to a checkpoint may take, and how long its gates may fail to hold, before that is a failure.",
        "deadline": "How long the whole rollout may take before that is a failure.",
        "on_failure": "Go back to the old template, wait for somebody to resume, or leave all as it is.",
        "keep": "Versions of the template that stay, the newest among them, so that a rollout can be undone.",
        "end_after": "How long the old group of a blue-green rollout lives on without requests; as balancers drain when left out."
    },
    "trimtab.models.schedule.Schedule": {
        "name": "Unique within the group.",
        "cron": "Five fields: minute, hour, day of month, month, day of week.",
        "at": "One moment instead of `cron`; without an offset it is local time in `zone`.",
        "zone": "IANA zone in which `cron`, `until` and `at` are read. UTC is never assumed.",
        "min": "Least instances from then on.",
        "max": "Most instances from then on.",
        "desired": "The size to go to.",
        "duration": "How long the window stays open.",
        "until": "The cron at which the window closes.",
        "starts": "Not before this moment.",
        "ends": "Not after this moment.",
        "skip_dates": "Days in `zone` on which it does not come: `2026-12-25`, `2026-12-24..2026-12-26`, in a file `holidays.ics`.",
        "description": "What it is for, to be read by people beside it (Google).",
        "only_dates": "The only days in `zone` on which it comes, written likewise; those of `skip_dates` are left out."
    },
    "trimtab.models.template.Image": {
        "id": "The vendor's id, or an alias such as an SSM parameter path (AWS), a URN (Azure), a family (Google).",
        "newest": "The newest image whose name matches, `*` and `?` allowed; kept once the group is created.",
        "os": "The newest image that its publisher has of an operating system; kept once the group is created.",
        "owner": "Who publishes it: an account id or alias (AWS), a publisher (Azure), a project (Google).",
        "architecture": "`x86_64` or `arm64`, for `newest` and `os`; for `os` that of the size, else `x86_64`, when left out."
    },
    "trimtab.models.template.Disk": {
        "device": "Device name (AWS, `/dev/sda1`) or number (Azure); the boot disk when left out.",
        "size_gb": "Size in GiB; the image's when left out.",
        "type": "`standard`, `ssd`, `fast-ssd`, or a vendor's own word such as `gp2`; the vendor's default when left out.",
        "encrypted": "Encrypted at rest; the account's default when left out.",
        "key": "Encryption key, by name or by the vendor's id; the vendor's own key when left out.",
        "iops": "I/O operations a second, for the types that take them.",
        "throughput": "MiB a second, for the types that take it.",
        "keep": "Keep the disk when the instance goes.",
        "stateful": "Give the disk back to its instance when that is repaired or made anew (Google); `keep` also when it goes."
    },
    "trimtab.models.template.CountRange": {
        "min": "At least so many.",
        "max": "At most so many; without a limit when left out."
    },
    "trimtab.models.template.MemoryRange": {
        "min": "At least so many GiB.",
        "max": "At most so many GiB; without a limit when left out."
    },
    "trimtab.models.template.SizeRequirement": {
        "cpus": "Virtual processors: a minimum, or a range.",
        "memory_gb": "Memory in GiB: a minimum, or a range.",
        "burstable": "Whether the processor is shared and bursts by credits (`t3`, `Standard_B`, `e2-medium`); either when left out.",
        "architecture": "`x86_64` or `arm64`; that of the image when left out, and `x86_64` where that says none.",
        "gpu": "GPUs: a minimum, or a range; none when left out.",
        "choices": "Among how many sizes the cloud may choose, where it takes a list (Azure, Google); AWS chooses among all."
    },
    "trimtab.models.template.InstanceTemplate": {
        "image": "The image to start from: `{os: ubuntu-22.04}`, the vendor's id or alias, or `{newest: NAME*}`.",
        "size": "What an instance has to have, `{cpus: 2, memory_gb: 4}`, or the vendor's instance type, such as `t3.medium`.",
        "user_data": "Start script. With `variables` it is a Jinja2 template of variables, `if` and simple filters; a variable\nthat is missing is an error. `${...}` is left to the shell: the environment comes in by `variables`.",
        "user_data_parts": "In place of `user_data`: parts that cloud-init takes in this order, each a script (`#!/bin/sh`), a `#cloud-config`\nor another form that it tells by the first line. In a file `{file: setup.sh}` takes a part's text from a file.",
        "variables": "Values for the start script, or for its parts.",
        "agents": "What is installed before the start script runs: `memory` and `disk`, whatever measures them on the cloud,\n`node-exporter`, `collectd`, and `trimtab-listener`, which hears that the instance is to end.",
        "ssh_key": "Key pair name (AWS) or public key (Azure, Google).",
        "admin_password": "The administrator's password on Azure, which Windows needs: `{env: NAME}`, never the password itself. It is sent\nwhen the group is created, and neither kept nor compared.",
        "security_groups": "Security groups (AWS), network security group (Azure), network tags (Google).",
        "role": "Instance profile (AWS), managed identity (Azure), service account (Google).",
        "disks": "The boot disk and further disks; those of the image when left out.",
        "public_address": "Whether instances get a public address; the subnet's default when left out.",
        "internal_address": "Whether an instance has the same internal address when it is repaired or made anew; a new one when left out.",
        "external_address": "Whether an instance has the same public address when it is repaired or made anew; a new one when left out.",
        "metadata_token": "Require session tokens of the metadata service (IMDSv2 on AWS).",
        "metadata_hops": "How many network hops a metadata reply may take (AWS).",
        "metadata": "What programs of an instance read from its metadata server, by key (Google), beside script and key.",
        "detailed_monitoring": "Host metrics each minute where the vendor's default is longer (AWS).",
        "tags": "Tags of instances and disks, on top of the group's."
    },
    "trimtab.providers.aws.settings.LifecycleHook": {
        "name": "Unique within the group: letters in any case, digits, `-`, `_` and `/`.",
        "on": "Whether instances pause when they start or when they end.",
        "timeout": "30 s to 2 h; 1 h when left out.",
        "default": "What becomes of the instance when the hook is not completed in time.",
        "notify": "Topic or queue that is told.",
        "role": "Role with which it is told.",
        "data": "Text that the notification carries."
    },
    "trimtab.providers.aws.settings.ScalingNotification": {
        "topic": "ARN of the topic, once in a group.",
        "on": "What it is told of: starts and ends, and those that failed; `test` is a message when this is set up."
    },
    "trimtab.providers.aws.settings.InstanceMaintenance": {
        "min_healthy": "Least share that is in service.",
        "max_healthy": "Greatest share that is in service or starting; 100 points above `min_healthy` at most."
    },
    "trimtab.providers.aws.settings.WarmPool": {
        "min": "Instances that the pool keeps at least.",
        "max_prepared": "Instances in the group and the pool together; the group's maximum when left out.",
        "state": "How instances wait.",
        "reuse": "Return instances to the pool on scale in."
    },
    "trimtab.providers.aws.settings.AwsNative": {
        "launch_template": "Of the launch template, as `RequestLaunchTemplateData` of the EC2 API has them.",
        "group": "Of the group, as `CreateAutoScalingGroup` has them.",
        "policies": "Of policies by name, as `PutScalingPolicy` has them.",
        "alarms": "Of alarms by name, as `PutMetricAlarm` has them."
    },
    "trimtab.providers.aws.settings.AwsSettings": {
        "lifecycle_hooks": "Pauses while instances start or end.",
        "warm_pool": "Instances kept ready outside the group.",
        "termination_policies": "In order; `Default` last.",
        "max_instance_lifetime": "One day or more.",
        "maintenance": "How much stays in service while AWS replaces instances; what AWS does by itself when left out.",
        "suspended_processes": "Processes of the group that do not run.",
        "notify_scaling": "Topics that are told when instances start or end.",
        "group_metrics": "Publish the group's own metrics each minute.",
        "health_checks": "What says that an instance is unhealthy beside the machine itself and `health_check.by`.",
        "service_linked_role": "ARN of the role that Auto Scaling acts as; the account's own when left out.",
        "placement_group": "Placement group that instances start in, by name.",
        "group_tags": "Tags of the Auto Scaling group that its instances do not get, by key.",
        "native": "What no field has a word for, as the API spells it; not portable."
    },
    "trimtab.providers.azure.settings.AzureNative": {
        "scale_set": "Of the scale set, as its resource has them: `properties: {...}`.",
        "autoscale_setting": "Of the autoscale setting, as its resource has them.",
        "alarms": "Of the metric alerts of alarms by name, as the resource has them."
    },
    "trimtab.providers.azure.settings.AzureSettings": {
        "resource_group": "Where the group lives; the connection's when left out.",
        "orchestration": "Orchestration mode of the scale set; it cannot be changed later.",
        "zone_balance": "Whether zones are kept balanced strictly, so that scaling out fails rather than unbalance them.",
        "fault_domains": "Fault domains that instances are spread over.",
        "single_placement_group": "Whether all instances are in one placement group, at most 100.",
        "overprovision": "Whether more instances are started than asked for, and the surplus deleted.",
        "default_capacity": "Size to go to when metrics cannot be read; `desired` or `min` when left out.",
        "admin_username": "The administrator's name on each instance.",
        "computer_name_prefix": "How host names begin; the group's name when left out.",
        "terminate_notification": "5 to 15 minutes.",
        "eviction": "What happens to a spot instance that is taken.",
        "restore_spot": "Try to restore evicted spot instances for so long.",
        "automatic_repairs": "Whether unhealthy instances are repaired.",
        "application_gateway_pools": "Backend pools of application gateways, by id or by GATEWAY/POOL.",
        "scale_in": "Which instances go first: those that balance zones (`default`), the newest or the oldest.",
        "notify_scaling": "Who is told of each change of the size: e-mail and https addresses, `administrators`, `co-administrators`.",
        "native": "What no field has a word for, as the API spells it; not portable."
    },
    "trimtab.providers.gcp.settings.GcpNative": {
        "instance_template": "Of the instance template, as `instanceTemplates` has them: `properties: {...}`.",
        "group_manager": "Of the managed instance group, as `instanceGroupManagers` has them.",
        "autoscaler": "Of the autoscaler, as `autoscalers` has them.",
        "health_check": "Of the group's own health check, as `healthChecks` has them.",
        "alarms": "Of the alert policies of alarms by name, as `alertPolicies` has them."
    },
    "trimtab.providers.gcp.settings.GcpSettings": {
        "target_shape": "How a regional group spreads its instances over zones.",
        "named_ports": "Ports of the instances by the name that backend services use.",
        "base_instance_name": "How instance names begin; the group's name when left out.",
        "initialization": "How long the metrics of a new instance are ignored; the group's `warm_up` when left out.",
        "stabilization": "How far back scale in looks for a peak, 0 to 1 h.",
        "mode": "Whether the autoscaler may remove instances.",
        "scale_in_limit": "Most instances to remove within `scale_in_window`.",
        "scale_in_window": "The time that `scale_in_limit` is for.",
        "network_tags": "Network tags of the instances, for firewall rules.",
        "scopes": "OAuth scopes of the service account.",
        "stopped": "Instances kept stopped in the group.",
        "suspended": "Instances kept suspended in the group.",
        "native": "What no field has a word for, as the API spells it; not portable."
    }
}
