"""Framework maps: what the ids in a rule's ``maps`` stand for, and when that was read.

A framework is dated data (``policies/frameworks/*.yaml``, in the form of
``schemas/framework-1.json``): one edition with its legal status and the controls that
rules refer to. That a rule maps to a control says that it supports it. Nothing here
says that a control is met, nor that a framework applies to anybody.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from aibom.reading import Reader

if TYPE_CHECKING:
    from aibom.policy.document import Rule

__all__ = ["Application", "Framework", "LegalStatus", "read_framework", "unmapped"]

API_VERSION = "aibom/framework/v1"
READ_IN = ("primary", "copy", "excerpt")
_ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_DATED = re.compile(r"[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?", re.ASCII)
_URL = re.compile(r"https://\S+")


class LegalStatus(StrEnum):
    """How binding a framework is by itself."""

    REGULATION = "regulation"
    STANDARD = "standard"
    GUIDANCE = "guidance"
    KNOWLEDGE_BASE = "knowledge-base"


@dataclass(frozen=True, slots=True)
class Application:
    """From which day on a regulation applies to what.

    ``confirmed`` is whether the day was read in the official publication.
    """

    to: str
    since: date
    confirmed: bool


@dataclass(frozen=True, slots=True)
class Framework:
    """One edition of a framework, as it was on the day ``as_of``.

    ``dated`` is the edition's own date as far as it is known (``2026``, ``2023-12``);
    ``read_in`` says where the ids were read. ``controls`` are ids with short titles.
    """

    id: str
    title: str
    edition: str
    dated: str
    publisher: str
    url: str
    status: LegalStatus
    status_note: str
    as_of: date
    read_in: str
    controls: Mapping[str, str]
    applies: tuple[Application, ...] = ()


def read_framework(value: Any, where: str) -> Framework:
    """Read one framework map, which is parsed YAML.

    Raises :class:`~aibom.errors.PolicyInvalid` (``policy-invalid``) with every problem.
    """
    top = Reader(value, where)
    if top.text("apiVersion") not in (None, API_VERSION):
        top.problem(f"is not {API_VERSION!r}", "apiVersion")
    status = top.choice("status", list(LegalStatus)) or LegalStatus.GUIDANCE
    found = Framework(
        id=_matching(top, "id", _ID, "an id (kebab-case)"),
        title=top.text("title"),
        edition=top.text("edition"),
        dated=_dated(top),
        publisher=top.text("publisher"),
        url=_matching(top, "url", _URL, "an address with https"),
        status=LegalStatus(status),
        status_note=top.text("status_note"),
        as_of=_day(top, "as_of"),
        read_in=top.choice("read_in", READ_IN),
        controls=_controls(top),
        applies=tuple(_application(entry) for entry in top.readers("applies", ())),
    )
    if bool(found.applies) != (found.status is LegalStatus.REGULATION):
        top.problem("is for regulations, which need it", "applies")
    top.finish()
    return found


def unmapped(rules: Iterable[Rule], frameworks: Iterable[Framework]) -> tuple[str, ...]:
    """What rules refer to that no framework holds: ``RULE: FRAMEWORK ID``, sorted."""
    known = {(item.id, name) for item in frameworks for name in item.controls}
    return tuple(
        sorted(
            f"{rule.id}: {framework} {name}"
            for rule in rules
            for framework, names in rule.maps.items()
            for name in names
            if (framework, name) not in known
        )
    )


def _matching(reader: Reader, key: str, form: re.Pattern[str], words: str) -> Any:
    text = reader.text(key)
    if isinstance(text, str) and not form.fullmatch(text):
        reader.problem(f"{text!r} is not {words}", key)
    return text


def _dated(reader: Reader) -> Any:
    words = "a year, a month or a day, such as 2026, 2026-11 or 2026-11-20"
    text = _matching(reader, "dated", _DATED, words)
    if isinstance(text, str) and _DATED.fullmatch(text):
        try:
            date.fromisoformat(f"{text}-01-01"[: len("2026-11-20")])
        except ValueError:
            reader.problem(f"{text!r} is not {words}", "dated")
    return text


def _day(reader: Reader, key: str) -> date:
    text = _matching(reader, key, _DAY, "a day such as 2026-11-20")
    try:
        return date.fromisoformat(text)
    except (TypeError, ValueError):
        if isinstance(text, str) and _DAY.fullmatch(text):
            reader.problem(f"{text!r} is no day of the calendar", key)
        return date.min


def _controls(top: Reader) -> Mapping[str, str]:
    reader = top.reader("controls")
    found = {name: reader.text(name) for name in reader.keys()}  # noqa: SIM118
    if not found:
        top.problem("names no control", "controls")
    for name in found:
        if not name.strip():
            top.problem("has an id that is empty", "controls")
    return found


def _application(entry: Reader) -> Application:
    found = Application(
        entry.text("to"), _day(entry, "from"), bool(entry.flag("confirmed"))
    )
    entry.close()
    return found
