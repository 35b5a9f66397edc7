"""A template in the other notation, YAML or JSON, by cfn-flip: comments do not come along."""

from __future__ import annotations

import json


def put(data: bytes, path: str) -> bytes:
    """The text of a template in the notation that a path asks for; as it is where it has that already.

    Raises ValueError where cfn-flip cannot read it.
    """
    wanted, there = path.endswith(".json"), data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")
    if wanted is there:
        return data
    import cfn_flip  # takes a while to load, and few need it

    text = data.decode("utf-8-sig")
    try:
        if wanted:
            flipped = json.loads(cfn_flip.to_json(text))
            return (json.dumps(flipped, indent=2, ensure_ascii=False) + "\n").encode()
        return str(cfn_flip.to_yaml(text)).encode()
    except Exception as error:
        raise ValueError(f"{path}: cfn-flip cannot put it into the other notation: {error}") from None
