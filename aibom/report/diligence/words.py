"""The report's fixed words: what it is and is not, the sections, the glossary."""

from __future__ import annotations

from aibom.report.diligence.model import Status, Term

__all__ = ["GLOSSARY", "IS_NOT", "SECTION_TITLES", "STATUS_MEANINGS"]

#: What each status means, for the legend.
STATUS_MEANINGS: dict[Status, str] = {
    Status.PROVED: "Recomputed, or verified by a signature, when this report was made. "
    "What exactly was proved stands beside it.",
    Status.SIGNED: "A party that you listed as a signer says so, about its own, and "
    "its signature was verified. That they say so is proved; that it is true is not.",
    Status.STATED: "Somebody says so: the document, or a signature of somebody whom "
    "you did not list. Nothing of it was verified.",
    Status.MISSING: "Nobody says anything, or it is declared as unknown.",
    Status.CONFLICTING: "Two sources disagree. Nothing was chosen between them.",
    Status.NOT_APPLICABLE: "The question does not arise.",
}

IS_NOT = (
    "It is no approval and no certificate: a gate decides, by your policy.",
    "It is no test of the model: nothing of it was run.",
    "A signature is not safety: it says who answers for a thing, not that it is good.",
    "It has no score: counts, the weakest path and requests are given instead.",
    "It supports the clauses it names; it is no statement that they are complied with.",
)

SECTION_TITLES: dict[int, tuple[str, str]] = {
    1: ("Identity", "Which product this is, from whom, in which bytes."),
    2: ("Lineage", "What it was made from, as far as anybody says."),
    3: ("Data provenance", "Each dataset: source, bytes, collector, dates, method."),
    4: ("Labelling and quality", "Who labelled, by which rules, and who checked."),
    5: ("Poisoning and backdoor controls", "What was examined, by whom, with what."),
    6: ("Upstream models", "Each model it is built on, with a status of its own."),
    7: ("Integrity and build", "Signatures, pins, formats, and how it was made."),
    8: ("Licences and rights", "What is stated; whether it fits is for lawyers."),
    9: ("Privacy and sensitive data", "Mostly the supplier's own word."),
    10: ("Change, rollback and incidents", "What happens when something goes wrong."),
    11: ("Regulatory map", "Clauses that the findings here support work on."),
    12: ("Gaps and requests", "What to ask the supplier, ready to be sent."),
    13: ("Method and limits", "How this was made, from what, and by which rules."),
}

GLOSSARY = (
    Term(
        "advisory",
        "A dated note that something is bad: a digest, a source, a "
        "person, a step or a time.",
    ),
    Term("artifact", "What is delivered and run: the model, or the dataset."),
    Term("audit", "An examination by a named party, tied to exact bytes by a digest."),
    Term("base model", "A model that another one was trained further from."),
    Term("BOM", "Bill of materials: a file that lists what something was made from."),
    Term(
        "claimed, attested, verified",
        "How policies and the picture call what this report calls stated, stated and "
        "signed, proved.",
    ),
    Term("class", "One of the answers that a model can give, such as the digit 3."),
    Term(
        "closed lineage",
        "Every step on the way has a signed record that fits, up to "
        "roots that somebody decided to accept.",
    ),
    Term(
        "declared",
        "Of a step's inputs: its user named them, and nobody watched whether it read "
        "more. Better are observed (opened files were seen) and isolated.",
    ),
    Term("dataset", "Data that a model learned from, or was tested with."),
    Term("digest", "A fingerprint of bytes (SHA-256). Other bytes have another one."),
    Term(
        "evidence", "Signed records, audits and BOMs that were checked for this report."
    ),
    Term("fine-tune", "To train a finished model further, with data of one's own."),
    Term("gate", "The command that lets an artifact be deployed, or does not."),
    Term("holdout", "Data kept apart, that a model is tested with and never saw."),
    Term("labeler", "A person or program that wrote labels; shown as a pseudonym."),
    Term("lineage", "The way from the product back to everything it learned from."),
    Term(
        "pinned",
        "Named so that only exactly these bytes can be meant: full commit "
        "id and digest.",
    ),
    Term(
        "poisoning",
        "Putting bad data, labels or weights in, so that the model "
        "learns what the attacker wants.",
    ),
    Term(
        "overlap-disagreement",
        "Of the items that several people labelled: the share on which one of them "
        "differs from what the others agree on. 1.00 is all of them.",
    ),
    Term("policy", "The reader's own rules; this report only says how they come out."),
    Term(
        "pseudonym",
        "A name that stands for one person and says not who; the same person has the "
        "same one.",
    ),
    Term(
        "recheck",
        "How a step's inputs were looked at again when it ended: by size and time "
        "(stat), or hashed once more (hash).",
    ),
    Term("root", "Where the lineage begins, or ends because nobody knows more."),
    Term("rule", "One question of a policy; it passes, fails, or cannot be told."),
    Term(
        "signer", "Somebody whose signature you decided to believe, for named things."
    ),
    Term("step", "Something that was done: collecting, labelling, training."),
    Term("trigger", "A pattern in the input at which a backdoored model misbehaves."),
)
