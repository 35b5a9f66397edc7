"""Facts about AWS that templates rely on and do not state, as tables that need no network.

Every table is a JSON object whose `_source` says where its facts come from: package, version, date,
licence and generator. The shape of each is in tools/README.md, what we owe to whom in NOTICE.md.
"""

import json
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def load(name: str) -> Any:
    """The table called `name`, as JSON values: sections by name, and `_source`.

    `load("managed_policies")["policies"]["/AmazonS3FullAccess"]` is a list of statements. Everyone gets the
    same object, so treat it as frozen. A name without a table raises FileNotFoundError.
    """
    return json.loads(files(__name__).joinpath(f"{name}.json").read_text(encoding="utf-8"))
