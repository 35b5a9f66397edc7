"""Which services a bucket's policy lets write to it."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase

from s3ap_ops.api import LiveResource


def writing_services(bucket: LiveResource) -> list[str]:
    """The services that may put objects, such as cloudtrail.amazonaws.com; none where there is no policy to read."""
    try:
        statements = json.loads(bucket.fact("policy") or "{}").get("Statement") or []
    except (ValueError, AttributeError):
        return []
    found: set[str] = set()
    for statement in statements if isinstance(statements, list) else [statements]:
        principal, actions = statement.get("Principal"), statement.get("Action") or []
        services = principal.get("Service") if isinstance(principal, dict) else None
        puts = any(
            fnmatchcase("s3:putobject", str(one).lower())
            for one in (actions if isinstance(actions, list) else [actions])
        )
        if statement.get("Effect") == "Allow" and services and puts:
            found |= set(services if isinstance(services, list) else [services])
    return sorted(found)
