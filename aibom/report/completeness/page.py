"""A profile as a page of Markdown, for the documentation."""

from __future__ import annotations

from aibom.report.completeness.profile import Asked, Probe, ProbeKind, Profile, Rule

__all__ = ["profile_page"]


def profile_page(profile: Profile) -> str:
    """Every element with its question and where it can be answered.

    Profiles are files of ours, so nothing in them is hostile; a bar would end a cell of
    a table and is escaped. Same profile, same text.
    """
    known = f"{len(profile.elements)} of {profile.total} elements"
    lines = [
        f"# {profile.id}",
        "",
        f"{profile.title}. {profile.publisher}, edition {profile.edition}, "
        f"{profile.dated}. {known}; looked up on {profile.as_of}.",
        "",
        f"**{profile.role.value.capitalize()}.** {profile.status_note}",
        "",
        f"<{profile.url}>",
        *(line for note in profile.notes for line in ("", note)),
    ]
    for group, title in profile.groups.items():
        lines += ["", f"## {title}", ""]
        lines += ["| id | asked of | element | answered by | verified by |"]
        lines += ["|---|---|---|---|---|"]
        lines += [_row(one) for one in profile.elements if one.group == group]
    return "\n".join(lines) + "\n"


def _row(element: Asked) -> str:
    joined = "; " if element.rule is Rule.ANY else " and "
    cells = (
        f"`{element.id}`",
        element.applies_to.value,
        f"{element.title}. {element.ask}{f' {element.note}' if element.note else ''}",
        joined.join(_place(probe) for probe in element.where),
        ", ".join(sorted(way.value for way in element.verify)),
    )
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _place(probe: Probe) -> str:
    if probe.kind is ProbeKind.NONE:
        return f"nothing: {probe.argument}"
    return f"{probe.kind} `{probe.argument}`"
