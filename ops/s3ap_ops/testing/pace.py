"""How long things take in a world, in virtual seconds."""

from dataclasses import dataclass


@dataclass
class Pace:
    """Durations in virtual seconds; a test may change them at any time."""

    poll: float = (
        5  # each DescribeStacks moves the clock on by this, so that a client that really sleeps little is served
    )
    create: float = 5  # the longest chain of resources that need one another
    update: float = 5
    express: float = 1  # either of them in express mode
    change_set: float = 5  # until a change set is complete
    drift: float = 5  # until a drift detection is over
    delete: float = 10  # the least that a deletion takes
    eni: float = 1200  # from the end of a function's network configuration to the release of its interfaces
    group: float = 3600  # how long CloudFormation retries a group that only such interfaces hold
    custom: float = 3600  # until a custom resource without an answer has failed
    late_logs: float = 3  # from the deletion of a log group to the last writer's belated line
    fsx: float = 60  # until a volume is gone, or is there again
    attachment: float = 60  # until an access point on a volume is gone
    nas: float = 0  # for how long a volume does not go after its last access point has; with FSx, none was measured
    knowledge: float = 60  # until a knowledge base or a data source is gone, or could not go
    collection: float = 60  # until a collection of OpenSearch Serverless is gone
    backup: float = 30  # until a recovery point is gone
