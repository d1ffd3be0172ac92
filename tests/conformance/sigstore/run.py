"""Run the suite's stored bundles through the client, and say for each why it went so.

::

    python tests/conformance/sigstore/run.py SUITE

SUITE is a checkout of sigstore/sigstore-conformance; its cases are the folders of
``test/assets/bundle-verify``. The suite itself only asks whether the client's answer is
the expected one. Here a refusal is told apart by its reason: a case about bare
artifacts, which aibom refuses whatever is in them, proves nothing, expected or not.

Nothing is fetched. Exits 1 if a statement was accepted that had to be refused.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
CASES = Path("test", "assets", "bundle-verify")
IDENTITY = (
    "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/"
    ".github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main"
)
ISSUER = "https://token.actions.githubusercontent.com"
#: Of ``a.txt``, which most cases sign: for folders that were copied without it.
ARTIFACT = "sha256:a0cfc71271d6e278e57cd332ff957c3f7043fdda354c4cbb190a30d56efa01bf"
#: Refusals that say nothing about the bundle.
OUT_OF_SCOPE = {"artifact-unsupported", "bundle-unsupported"}


@dataclass(frozen=True, slots=True)
class Answer:
    """What the client said of one case, given its file or the file's digest."""

    case: str
    form: str
    code: int
    reason: str
    said: str

    @property
    def verdict(self) -> str:
        """``pass`` or ``FAIL``, as the suite counts; and where that proves nothing."""
        refused = self.code != 0
        expected = self.case.endswith("fail")
        word = "pass" if refused == expected else "FAIL"
        return f"{word}, unsupported" if self.reason in OUT_OF_SCOPE else word


def words(folder: Path) -> list[str]:
    """The options, as the suite makes them from a folder's files."""
    found = ["verify-bundle", "--bundle", str(folder / "bundle.sigstore.json")]
    key = folder / "key.pub"
    if key.exists():
        found += ["--key", str(key)]
    if not key.exists() or "client-identity" in folder.name:
        found += ["--certificate-identity", text(folder / "identity", IDENTITY)]
        found += ["--certificate-oidc-issuer", text(folder / "issuer", ISSUER)]
    root = folder / "trusted_root.json"
    return [*found, "--trusted-root", str(root)] if root.exists() else found


def text(path: Path, default: str) -> str:
    """The content of a file that may be missing."""
    return path.read_text("utf-8").strip() if path.exists() else default


def artifacts(folder: Path) -> Iterator[tuple[str, str]]:
    """Both forms of the artifact that the suite gives."""
    own, common = folder / "artifact", folder.parent / "a.txt"
    path = own if own.exists() else common
    if not path.exists():
        yield "digest", ARTIFACT
        return
    yield "file", str(path)
    yield "digest", f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"


def answers(suite: Path) -> Iterator[Answer]:
    """Every case in both forms."""
    for folder in sorted((suite / CASES).iterdir()):
        if not (folder / "bundle.sigstore.json").exists():
            continue
        for form, artifact in artifacts(folder):
            done = subprocess.run(
                [sys.executable, HERE / "client.py", *words(folder), artifact],
                capture_output=True,
                encoding="utf-8",
                check=False,
            )
            said = done.stderr.strip().replace(f"{folder}/", "")
            reason = said.partition(":")[0] if done.returncode else ""
            yield Answer(folder.name, form, done.returncode, reason, said)


def main() -> int:
    """Run all there is; print a line for each, and the sums."""
    counted: Counter[str] = Counter()
    accepted = False
    for answer in answers(Path(sys.argv[1])):
        counted[answer.verdict] += 1
        accepted |= answer.code == 0 and answer.case.endswith("fail")
        line = f"{answer.verdict:18} {answer.case} [{answer.form}] {answer.said[:160]}"
        sys.stdout.write(line.rstrip() + "\n")
    sums = ", ".join(f"{count} {verdict}" for verdict, count in sorted(counted.items()))
    sys.stdout.write(f"\n{sums or 'no cases'}\n")
    return 1 if accepted or not counted else 0


if __name__ == "__main__":
    sys.exit(main())
