"""The people and keys of a fictitious company, and its verifier's folder."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from shell import Shell

__all__ = ["ROLES", "Company", "found_company", "write_verifier"]

#: One key per role: whoever signs data must not be able to sign a release.
ROLES = ("data", "base", "pipeline", "release", "auditor", "stranger")
_TEMPLATE = Path(__file__).parent / "verifier"


@dataclass(frozen=True)
class Company:
    """Who there is: three labelers and an auditor, known by pseudonym only."""

    labelers: tuple[str, str, str]
    auditor: str
    keys: Path

    def key(self, role: str) -> Path:
        """The private key of a role."""
        return self.keys / f"{role}.key"


def found_company(shell: Shell) -> Company:
    """Make one key per role, and pseudonyms under a key of the company's own."""
    shell.environment["AIBOM_PSEUDONYM_KEY"] = f"acme-2026:{secrets.token_hex(16)}"
    keys = shell.folder / "keys"
    keys.mkdir()
    for role in ROLES:
        shell.aibom("keygen", Path("keys", role), "--no-password")
    people = [
        shell.aibom("party", "id", name).strip()
        for name in ("Ada Ames", "Ben Byrd", "Cleo Cole", "Dr. Dana Dole")
    ]
    return Company((people[0], people[1], people[2]), people[3], Path("keys"))


def write_verifier(shell: Shell, company: Company, digits: str, folder: Path) -> None:
    """Fill the template with public keys, digests and dates, and lock it."""
    folder.mkdir()
    expires = (datetime.now(UTC) + timedelta(days=180)).date().isoformat()
    filled = {"@EXPIRES@": expires, "@DIGITS@": digits, "@AUDITOR@": company.auditor}
    for role in ROLES:
        pem = (shell.folder / company.keys / f"{role}.pub").read_text()
        filled[f"@KEY:{role}@"] = pem.replace("\n", "\\n")
    for template in sorted(_TEMPLATE.glob("*.yaml")):
        text = template.read_text()
        for name, value in filled.items():
            text = text.replace(name, value)
        (folder / template.name).write_text(text)
    shell.aibom("policy", "lock", folder.name)
