"""The pack that a report asks where the reader brings no policy."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from aibom.operations.files import read_small
from aibom.operations.policies.folder import Folder
from aibom.operations.policies.lock import Lock
from aibom.policy.data import PolicyData
from aibom.policy.document import read_policy
from aibom.reading import parse_yaml
from aibom.resources import policy_path

__all__ = ["preset_folder"]

PRESET = "supplier"


def preset_folder() -> tuple[Folder, tuple[str, ...]]:
    """The pack ``supplier`` without any data, and the rules that need some.

    What needs the reader's own lists is not asked: "unknown" to all of it would say
    something about the reader, and nothing about the supplier.
    """
    path = policy_path(f"{PRESET}.yaml")
    data = read_small(path)
    name = f"builtin:{PRESET}"
    policy = read_policy(parse_yaml(data, name), name, origin=name)
    needed = {"advisories.yaml": ("tainted-ancestor",)}
    kept, left = [], []
    for rule in policy.rules:
        needs = [
            *rule.check.needs,
            *(f for f, checks in needed.items() if rule.check.id in checks),
        ]
        if needs:
            left.append(f"{rule.id} (needs {', '.join(needs)})")
        else:
            kept.append(rule)
    digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
    folder = Folder(
        path,
        replace(policy, rules=tuple(kept)),
        PolicyData(roots={}),
        (),
        Lock({}, {f"{name}@{policy.version}": digest}, None),
        locked=False,
        digests=(),
        advisories_sequence=None,
    )
    return folder, tuple(left)
