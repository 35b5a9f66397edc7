"""SNS, SQS, EventBridge, its scheduler."""

import json

from s3ap_ops.testing.resources.kinds import Kind, Made, Site, kind, pick


@kind("AWS::SNS::Topic")
class Topic(Kind):
    def create(self, site: Site) -> Made:
        name, sns = site.name("TopicName", 256), site.aws("sns")
        arn = sns.create_topic(Name=name, Tags=site.tag_list)["TopicArn"]
        for item in site.properties.get("Subscription", []):
            sns.subscribe(TopicArn=arn, Protocol=item["Protocol"], Endpoint=item["Endpoint"])
        return Made(arn, {"TopicName": name, "TopicArn": arn})

    def is_there(self, site: Site, name: str) -> bool:
        return site.arn("sns", name) in site.backend("sns").topics

    def delete(self, site: Site) -> None:
        site.aws("sns").delete_topic(TopicArn=site.physical)


@kind("AWS::SNS::Subscription")
class Subscription(Kind):
    def create(self, site: Site) -> Made:
        made = site.aws("sns").subscribe(
            **pick(site.properties, "TopicArn", "Protocol", "Endpoint"), ReturnSubscriptionArn=True
        )
        return Made(made["SubscriptionArn"])

    def delete(self, site: Site) -> None:
        site.aws("sns").unsubscribe(SubscriptionArn=site.physical)


@kind("AWS::SNS::TopicPolicy")
class TopicPolicy(Kind):
    def create(self, site: Site) -> Made:
        for arn in site.properties.get("Topics", []):
            text = json.dumps(site.properties["PolicyDocument"], default=str)
            site.aws("sns").set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=text)
        return Made(site.name())

    def delete(self, site: Site) -> None:
        """The topic goes with its policy, or keeps the last one."""


@kind("AWS::SQS::Queue")
class Queue(Kind):
    def create(self, site: Site) -> Made:
        name, given = site.name("QueueName", 80), site.properties
        names = ("VisibilityTimeout", "MessageRetentionPeriod", "DelaySeconds", "FifoQueue")
        attributes = {key: str(value).lower() for key, value in pick(given, *names).items()}
        url = site.aws("sqs").create_queue(QueueName=name, Attributes=attributes, tags=site.tags)["QueueUrl"]
        return Made(url, {"Arn": site.arn("sqs", name), "QueueName": name, "QueueUrl": url})

    def is_there(self, site: Site, name: str) -> bool:
        return name in site.backend("sqs").queues

    def delete(self, site: Site) -> None:
        site.aws("sqs").delete_queue(QueueUrl=site.physical)


@kind("AWS::SQS::QueuePolicy")
class QueuePolicy(Kind):
    def create(self, site: Site) -> Made:
        text = json.dumps(site.properties["PolicyDocument"], default=str)
        for url in site.properties.get("Queues", []):
            site.aws("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": text})
        return Made(site.name())

    def delete(self, site: Site) -> None:
        """The queue goes with its policy."""


@kind("AWS::Events::EventBus")
class Bus(Kind):
    def create(self, site: Site) -> Made:
        name = site.properties["Name"]
        made = site.aws("events").create_event_bus(Name=name, Tags=site.tag_list)
        return Made(name, {"Arn": made["EventBusArn"], "Name": name})

    def delete(self, site: Site) -> None:
        site.aws("events").delete_event_bus(Name=site.physical)


@kind("AWS::Events::Rule")
class Rule(Kind):
    def create(self, site: Site) -> Made:
        events, given, name = site.aws("events"), site.properties, site.name("Name")
        wanted = pick(given, "ScheduleExpression", "State", "Description", "EventBusName")
        if given.get("EventPattern"):
            wanted["EventPattern"] = json.dumps(given["EventPattern"])
        made = events.put_rule(Name=name, Tags=site.tag_list, **wanted)
        targets = [pick(target, "Arn", "Id", "RoleArn", "Input") for target in given.get("Targets", [])]
        if targets:
            events.put_targets(Rule=name, Targets=targets, **pick(given, "EventBusName"))
        return Made(
            name if "EventBusName" not in given else f"{given['EventBusName']}|{name}", {"Arn": made["RuleArn"]}
        )

    def is_there(self, site: Site, name: str) -> bool:
        bus = site.backend("events").event_buses.get(site.properties.get("EventBusName", "default"))
        return bus is not None and name in bus.rules

    def delete(self, site: Site) -> None:
        """The template's own targets go first; any other keeps the rule."""
        events, bus = site.aws("events"), pick(site.properties, "EventBusName")
        name = site.physical.rsplit("|", 1)[-1]
        own = [target["Id"] for target in site.properties.get("Targets", [])]
        if own:
            events.remove_targets(Rule=name, Ids=own, **bus)
        events.delete_rule(Name=name, **bus)


@kind("AWS::Scheduler::Schedule")
class Schedule(Kind):
    def create(self, site: Site) -> Made:
        given, name = site.properties, site.name("Name")
        target = pick(given.get("Target", {}), "Arn", "RoleArn", "Input")
        made = site.aws("scheduler").create_schedule(
            Name=name,
            ScheduleExpression=given["ScheduleExpression"],
            FlexibleTimeWindow=given.get("FlexibleTimeWindow", {"Mode": "OFF"}),
            Target=target,
            **pick(given, "State", "GroupName"),
        )
        return Made(name, {"Arn": made["ScheduleArn"]})

    def delete(self, site: Site) -> None:
        site.aws("scheduler").delete_schedule(Name=site.physical, **pick(site.properties, "GroupName"))
