"""The metadata of a card: what stands between two lines of dashes in README.md."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

__all__ = ["front_matter"]

_FENCED = re.compile(rb"\A(?:\xef\xbb\xbf)?---[ \t]*\r?\n(.*?)\r?\n---", re.DOTALL)
_MAX = 256 * 1024
#: Each may double what there is.
_MAX_ALIASES = 20


def front_matter(readme: bytes) -> Mapping[str, Any] | None:
    """The front matter as the hub's JSON has it; None where it is absent or broken.

    Dates are text, as in JSON. Nothing is judged: the real hub refuses cards that it
    finds invalid, this one serves them.
    """
    import yaml

    found = _FENCED.match(readme[:_MAX])
    if found is None:
        return None
    try:
        events = yaml.parse(found[1], Loader=yaml.SafeLoader)
        if sum(isinstance(one, yaml.AliasEvent) for one in events) > _MAX_ALIASES:
            return None
        card = yaml.load(found[1], Loader=_loader())
        # What JSON cannot say, such as a list that holds itself, is a broken card.
        card = json.loads(json.dumps(card, default=str))
    except (yaml.YAMLError, ValueError, TypeError, RecursionError):
        return None
    return card if isinstance(card, dict) else None


def _loader() -> Any:
    import yaml

    class Loader(yaml.SafeLoader):
        """Leaves dates as they are written."""

    Loader.yaml_implicit_resolvers = {
        first: [rule for rule in rules if rule[0] != "tag:yaml.org,2002:timestamp"]
        for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    return Loader
