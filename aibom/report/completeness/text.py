"""Coverage for people, in lines of a terminal's width."""

from __future__ import annotations

from collections.abc import Iterable

from aibom.report.completeness.coverage import Coverage, Missing, State
from aibom.report.completeness.profile import Obligation, Profile, Role
from aibom.report.text import WIDTH, Paint, escape, plain, wrap

__all__ = ["draw_coverage", "draw_profiles"]

_SHORTEST = 24
_NAMED = 3
_MARKS = {
    Obligation.REQUIRED: "required",
    Obligation.IF_EXISTS: "required if it exists",
    Obligation.OPTIONAL: "optional",
}
_HEADS = ("verified", "signed", "claim", "unknown", "absent", "n/a")
_ROLES = {
    Role.LAW: "law",
    Role.VOLUNTARY: "voluntary",
    Role.DRAFT: "draft",
    Role.COMMUNITY: "community",
}


def draw_profiles(profiles: Iterable[Profile], width: int = WIDTH) -> str:
    """The profiles there are, a line or two each."""
    lines = []
    for profile in profiles:
        known = _elements(profile)
        lead = f"{profile.id:<{_SHORTEST}} {_ROLES[profile.role]:<10} {known:<13} "
        lines += wrap(f"{profile.title}, {profile.dated}", width, lead, len(lead))
    return "\n".join(lines) + "\n"


def _elements(profile: Profile) -> str:
    count = len(profile.elements)
    return f"{count} of {profile.total}" if profile.partial else f"{count} elements"


def draw_coverage(
    found: Coverage, paint: Paint = plain, width: int = WIDTH, *, asks: bool = True
) -> str:
    """One coverage: ratios, groups with counts, then what is missing.

    ``asks`` leaves the questions out when it is false. Nothing is added up to a score.
    """
    lines = [*_head(found.profile, paint, width), "", *_ratios(found, paint), ""]
    lines += [*_groups(found, width), *_conflicts(found, paint, width)]
    missing = found.missing()
    if missing and asks:
        lines += ["", paint("bold", "Missing, and what to ask")]
        for one in missing:
            lines += _ask(one, width)
    elif missing:
        count = f"{len(missing)} element{'s' if len(missing) > 1 else ''}"
        lines += ["", f"{count} missing: --missing tells what to ask"]
    return "\n".join(lines) + "\n"


def _head(profile: Profile, paint: Paint, width: int) -> list[str]:
    edition = "" if profile.edition in profile.dated else f"edition {profile.edition}, "
    title = f"{profile.title}, {edition}{profile.dated}"
    lines = wrap(title, width, f"{paint('bold', profile.id)}  ", 2)
    known = "" if not profile.partial else f"PARTIAL: {_elements(profile)} known. "
    status = f"{known}{_ROLES[profile.role]}: {profile.status_note}"
    return [*lines, *wrap(status, width, "  ", 2)]


def _ratios(found: Coverage, paint: Paint) -> list[str]:
    split = f"{found.by_bytes} by bytes, {found.by_signature} by signature"
    verified = f"{found.verified} ({split})"
    return [
        f"  answered  {paint('bold', str(found.answered))}",
        f"  verified  {paint('bold', verified)}",
    ]


def _groups(found: Coverage, width: int) -> list[str]:
    """A table: a group's title, and a column for each state."""
    columns = "".join(f"{head:>9}" for head in _HEADS)
    room = max(_SHORTEST, width - len(columns) - 2)
    room = min(room, max((len(g.title) for g in found.groups()), default=0) + 2)
    room = max(room, len("total") + 2)
    lines = [f"  {'':<{room}}{columns}"]
    for group in found.groups():
        if any(count for _, count in group.counts):
            lines.append(f"  {group.title:<{room}}{_counts(dict(group.counts))}")
    totals = {state: found.count(state) for state in State}
    return [*lines, f"  {'total':<{room}}{_counts(totals)}"]


def _counts(counts: dict[State, int]) -> str:
    return "".join(f"{counts[state] or '-':>9}" for state in State)


def _conflicts(found: Coverage, paint: Paint, width: int) -> list[str]:
    if not found.conflicts:
        return []
    lines = ["", paint("bad", "Sources disagree")]
    for answer in found.conflicts:
        told = f"{answer.element.title} of {escape(answer.label)}: "
        told += escape(answer.conflict)
        lines += wrap(told, width, f"  {answer.element.id}  ", 4)
    return lines


def _ask(missing: Missing, width: int) -> list[str]:
    element = missing.element
    mark = _MARKS.get(element.obligation)
    about = f"{element.title} ({mark})" if mark else element.title
    lines = wrap(f"{about}{_whose(missing)}", width, f"  {element.id}  ", 4)
    told = missing.ask
    if not missing.carried:
        told += " (A BOM has no place for it: ask for a document.)"
    return [*lines, *wrap(told, width, "    ask: ", 9)]


def _whose(missing: Missing) -> str:
    """Of what it is missing; nothing where it is asked of one thing only."""
    if missing.of <= 1:
        return ""
    named = ", ".join(escape(label, 60) for label in missing.nodes[:_NAMED])
    more = len(missing.nodes) - _NAMED
    rest = f" and {more} more" if more > 0 else ""
    return f", for {len(missing.nodes)} of {missing.of}: {named}{rest}"
