"""What a text says where an answer is asked for: something, unknown, or nothing.

Generators and people write a word where they know nothing. Coverage and the
due-diligence report look such words up here, so that neither takes for an answer what
the other does not. Compared is what a reader sees: case, accents, invisible characters
and the punctuation around a text make no difference.

It knows fixed words in some languages, addresses that belong to nobody, and Latin
filler text. It does not judge whether a sentence is true or about the question, and
takes letters of one script that look like those of another for what they are.
"""

from __future__ import annotations

import re
import string
import unicodedata
from enum import IntEnum
from functools import lru_cache

__all__ = ["Said", "text_says"]


class Said(IntEnum):
    """What a value says, the better the higher."""

    NOTHING = 0
    UNKNOWN = 1
    SOMETHING = 2


#: Longer texts are sentences of somebody, and only their beginning is looked at.
_LONGEST = 200
#: Letters of which nothing is to be seen, though they count as letters.
_BLANK = dict.fromkeys((0x115F, 0x1160, 0x2800, 0x3164, 0xFFA0))
_SHORTEST_JOINED = 5

#: Somebody declares that a thing is not known, or not told.
_UNKNOWN = """
unknown|not known|not yet known|noassertion|no assertion|undisclosed|not disclosed
unbekannt|nicht bekannt|inconnu|inconnue|non connu|desconocido|desconocida|desconhecido
sconosciuto|onbekend|nieznany|nieznane|neznamy|bilinmiyor|неизвестно|неизвестен|невідомо
未知|不明|不詳|不详|알 수 없음|미상|غير معروف|अज्ञात
"""
#: What stands where an answer should, and is none.
_NOTHING = """
tbd|t.b.d|tba|t.b.a|tbc|t.b.c|todo|to do|fixme|wip|pending|coming soon|later|soon
to be determined|to be defined|to be decided|to be announced|to be confirmed
to be completed|to be provided|to be added|to be done|to be filled|to be filled in
n/a|na|n.a|n a|not applicable|not available|not specified|not provided|not stated
not defined|not set|not given|not documented|not reported|not applicable here
unspecified|undefined|unavailable|undetermined|unset|empty|blank|missing|void
none|null|nil|nan|none given|none provided|none specified|nothing|no value|no data
no information|no information available|no description|no description available
no description provided|information not available|more information needed
needs more information|no answer|no comment
see website|see the website|see our website|see web site|see webpage|see homepage
see documentation|see the documentation|see docs|see readme|see the readme|see above
see below|see link|see card|see model card|see the model card|see paper|see the paper
see repo|see repository|see the repository
lorem|ipsum|placeholder|dummy|sample text|your text here|text here|insert text here
insert here|fill in|fill me in|change me|changeme|replace me|your name|your name here
your description here|your company|your organization|your organisation|your project
name here|description here|http|https|about:blank|foo|foobar|foo bar|asdf
qwerty|blah|blah blah|bla bla
keine angabe|keine angaben|k.a|nicht zutreffend|nicht anwendbar|nicht verfugbar|entfallt
wird nachgereicht|wird noch erganzt|noch offen|noch festzulegen|folgt|siehe website
siehe webseite|keine|ohne
non applicable|sans objet|non renseigne|non communique|non disponible|neant|a definir
a determiner|a completer|voir site web|voir le site|aucun|aucune
no aplica|no disponible|no especificado|sin datos|por definir|por determinar|ninguno
ver sitio web|nao aplicavel|nao disponivel|nao informado|a determinar|nenhum
non specificato|da definire|da determinare|nessuno|n/d|n.d
n.v.t|niet van toepassing|niet beschikbaar|nader te bepalen|geen
nie dotyczy|brak|brak danych|do ustalenia|do uzupełnienia|neuvedeno
uygulanamaz|belirlenecek|yok|belirtilmemis
не указано|не применимо|неприменимо|нет данных|н/д|нет|уточняется|не визначено|немає
待定|待补充|待補充|待确定|不适用|不適用|无|無|暂无|暫無|没有|未提供|未填写|未定|未設定
未記入|該当なし|なし|특이사항 없음|해당 없음|없음|미정|غير متاح|لا ينطبق|لا يوجد|लागू नहीं
"""
#: These begin a remark to oneself, whatever follows: "TODO: describe", "TBD (in May)".
_REMARK = re.compile(
    r"(tbd|tba|tbc|todo|fixme|lorem ipsum)\s*([:(\[]|\s-+\s).*"
    r"|lorem ipsum\b.*"
    r"|to be (determined|defined|decided|announced|confirmed|completed|provided)\b"
    r".{0,60}"
    r"|(insert|enter|put|describe)\b.{0,60}\bhere",
    re.DOTALL,
)
_BETWEEN = re.compile(r"[\s,;]+")
#: What is no letter and no digit, where all is ASCII.
_AROUND = string.punctuation + string.whitespace
_ASIDE = re.compile(r"[^0-9A-Za-z]+")
_CROSSES = re.compile(r"x{3,}")
#: An address with its host; an email has it behind the sign.
_ADDRESS = re.compile(
    r"(?:mailto:|[a-z][a-z0-9+.-]*://)?(?:[^/@\s]*@)?"
    r"(?P<host>localhost|[a-z0-9-]+(?:\.[a-z0-9-]+)+)\.?(?::\d+)?(?:[/?#]\S*)?"
)
#: Kept free for examples (RFC 2606, RFC 6761), of this machine, or of templates.
_NOBODY = re.compile(
    r"(.*\.)?(example\.(com|org|net|edu)|localhost|invalid|[a-z0-9-]+\.invalid"
    r"|your-?(domain|company|org|organization|organisation|site|website)\.[a-z]+"
    r"|my-?(domain|company|website)\.[a-z]+|(domain|yoursite|placeholder)\.(com|tld)"
    r"|127\.0\.0\.1|0\.0\.0\.0)"
)
_PACKAGE = re.compile(r"pkg:[^?#@]*/(?P<name>[^/?#@]*)([@?#].*)?")
#: Other words above are names of packages that there are.
_NO_PACKAGE = frozenset({"", "none", "null", "tbd", "n/a", "placeholder"})


def text_says(text: str) -> Said:
    """What a text says; ``unknown`` where it says that, nothing for a filler.

    Pure. Of a text of any length only the beginning is compared.
    """
    says = _beginning_says(text[:_LONGEST])
    if says is None:
        return Said.SOMETHING if _goes_on(text) else Said.NOTHING
    return says


@lru_cache(maxsize=8_192)
def _beginning_says(cut: str) -> Said | None:
    """None where nothing is to be seen. One document says the same in many places."""
    seen = _seen(cut)
    if not seen:
        return None
    joined = _joined(seen)
    whole = (seen, joined if len(joined) >= _SHORTEST_JOINED else seen)
    if not _UNKNOWN_WORDS.isdisjoint(whole):
        return Said.UNKNOWN
    if not _NOTHING_WORDS.isdisjoint(whole) or _is_template(seen, joined):
        return Said.NOTHING
    if joined == seen:
        return Said.SOMETHING
    words = [word for word in _BETWEEN.split(seen) if _joined(word)]
    if len(words) > 1 and all(_is_one_of(word, _EVERY_WORD) for word in words):
        return Said.NOTHING
    return Said.SOMETHING


def _seen(cut: str) -> str:
    """A text as a reader sees it, bare: one case, no accents, nothing around it."""
    if cut.isascii() and cut.isprintable():
        # Nothing is hidden, and nothing is to be taken apart: most texts are like this.
        return " ".join(cut.casefold().split()).strip(_AROUND)
    apart = unicodedata.normalize("NFKD", cut.translate(_BLANK))
    plain = unicodedata.normalize("NFKD", apart.casefold())
    shown = "".join(c if c.isprintable() else " " for c in plain if not _is_hidden(c))
    words = " ".join(shown.translate(_BLANK).split())
    start, end = 0, len(words)
    while start < end and not _is_kept(words[start]):
        start += 1
    while end > start and not _is_kept(words[end - 1]):
        end -= 1
    return words[start:end]


def _is_hidden(character: str) -> bool:
    return unicodedata.category(character) in ("Cf", "Mn", "Me")


def _is_kept(character: str) -> bool:
    """Letters and digits; marks belong to a letter before them."""
    return character.isalnum() or unicodedata.category(character) == "Mc"


def _goes_on(text: str) -> bool:
    """Whether a long text that begins with nothing has a letter after all."""
    rest = text[_LONGEST:]
    return any(c.isalnum() and ord(c) not in _BLANK for c in rest)


def _joined(text: str) -> str:
    if text.isascii():
        return _ASIDE.sub("", text)
    return "".join([c for c in text if _is_kept(c)])


def _is_one_of(seen: str, words: frozenset[str]) -> bool:
    """As it is; or, if it is long enough, with all but its letters left out."""
    if seen in words:
        return True
    joined = _joined(seen)
    return len(joined) >= _SHORTEST_JOINED and joined in words


def _is_template(seen: str, joined: str) -> bool:
    if _REMARK.fullmatch(seen) or _CROSSES.fullmatch(joined):
        return True
    if seen.startswith("pkg:"):
        package = _PACKAGE.fullmatch(seen)
        name = package["name"] if package else "pkg"
        return name in _NO_PACKAGE or name in _UNKNOWN_WORDS
    if "." not in seen and "localhost" not in seen:
        return False
    address = _ADDRESS.fullmatch(seen)
    return address is not None and _NOBODY.fullmatch(address["host"]) is not None


def _words(table: str) -> frozenset[str]:
    """The words of a table as they are seen, and joined where they are long enough."""
    plain = {
        _seen(word) for line in table.strip().splitlines() for word in line.split("|")
    }
    joined = {_joined(word) for word in plain}
    return frozenset(plain | {one for one in joined if len(one) >= _SHORTEST_JOINED})


_UNKNOWN_WORDS = _words(_UNKNOWN)
_NOTHING_WORDS = _words(_NOTHING)
_EVERY_WORD = _UNKNOWN_WORDS | _NOTHING_WORDS
