"""What went into an index: sources without users and secrets, counted with bounds."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aibom.catalogers import corpus as corpus_module
from aibom.catalogers.corpus import MAX_TOLD, Corpus
from aibom.catalogers.notes import Notes
from aibom.catalogers.place import Place
from tests.catalog_world import Read, put
from tests.corpus_world import documents_of, index_of, models_of


def notes_of(folder: Path) -> Notes:
    return Notes("test", Place.of(put(folder, {"i/index": "x"})), "i/index")


#: A source as a loader wrote it → as it is told.
SOURCES = {
    "docs/a.pdf": ("location", "docs/a.pdf"),
    "/home/ada/docs/a.pdf": ("location", "~/docs/a.pdf"),
    "/Users/ada/docs/a.pdf": ("location", "~/docs/a.pdf"),
    "C:\\Users\\ada\\a.pdf": ("location", "~\\a.pdf"),
    "file:///home/ada/a.pdf": ("location", "~/a.pdf"),
    "/srv/docs/a.pdf": ("location", "/srv/docs/a.pdf"),
    "file:///srv/docs/a.pdf": ("location", "/srv/docs/a.pdf"),
    "https://example.org/a?token=x#y": ("source", "https://example.org/a"),
    "https://ada:pw@example.org/a": ("source", "https://example.org/a"),
    "s3://bucket/a.pdf": ("source", "s3://bucket/a.pdf"),
    "odd://ada:pw@host/a.pdf": ("location", "a.pdf"),
    "ada:pw@host/a.pdf": ("location", "a.pdf"),
    "a\x00\nb": ("location", "a b"),
    "\x00": ("location", "?"),
    "file:" + "/" * 100_000: ("location", "/" * 500),
}


@pytest.mark.parametrize(
    ("text", "told"), SOURCES.items(), ids=[repr(text)[:40] for text in SOURCES]
)
def test_sources(text: str, told: tuple[str, str], tmp_path: Path) -> None:
    notes = notes_of(tmp_path)
    corpus = Corpus(notes, "test")
    corpus.source(text)
    corpus.write({})
    assert documents_of(Read((notes,))) == {told}


def test_an_index_was_made_from_documents_by_a_step(tmp_path: Path) -> None:
    notes = notes_of(tmp_path)
    corpus = Corpus(notes, "test")
    corpus.document({"source": "a", "file_path": "b"})
    corpus.document({"file_path": "a"})
    corpus.document({"title": "x"})
    corpus.document(3)
    corpus.date("ingested", "2026-01-02T00:00:00Z")
    corpus.date("ingested", "2026-01-01T00:00:00Z")
    corpus.date("ingested", "soon")
    corpus.model("BAAI/bge-small-en", "sentence_transformer", "/m")
    corpus.model("text-embedding-3-small", "openai", "/n")
    corpus.write({"chunks": "4"})
    done = Read((notes,))
    assert index_of(done) == {
        "index-format": "test",
        "chunks": "4",
        "sources": "1",
        "first-ingested": "2026-01-01T00:00:00Z",
        "last-ingested": "2026-01-02T00:00:00Z",
    }
    bge, openai = "pkg:huggingface/BAAI/bge-small-en", "text-embedding-3-small"
    assert models_of(done) == {
        ("name", "BAAI/bge-small-en"),
        ("source", bge),
        ("name", openai),
        ("embedding-function", "openai"),
    }
    assert done.edges == {
        ("subject", "derived-from", "index", "index"),
        ("embed", "generated", "index", "index"),
        ("embed", "used", "documents of i/index", "retrieval-corpus"),
        ("embed", "used", bge, "embedding-model"),
        ("subject", "requires", bge, "embedding-model"),
        ("embed", "used", openai, "embedding-model"),
        ("subject", "requires", openai, "embedding-model"),
    }
    assert done.found == {("corpus-sources-none", "")}
    assert done.kinds == {("dataset", False)}


def test_no_model_is_said_once(tmp_path: Path) -> None:
    notes = notes_of(tmp_path)
    corpus = Corpus(notes, "test")
    corpus.without_model("/a", "default")
    corpus.write({})
    assert Read((notes,)).found == {("embedding-model-not-named", "/a")}


def test_which_sources_are_told_does_not_depend_on_their_order(tmp_path: Path) -> None:
    texts = [f"docs/{number:04}" for number in range(MAX_TOLD + 50)]

    def told(listed: list[str], folder: str) -> Read:
        notes = notes_of(tmp_path / folder)
        corpus = Corpus(notes, "test")
        for text in listed:
            corpus.source(text)
        corpus.write({})
        return Read((notes,))

    one, other = told(texts, "1"), told(texts[::-1], "2")
    assert documents_of(one) == documents_of(other)
    assert len(documents_of(one)) == MAX_TOLD
    assert index_of(one)["sources"] == str(MAX_TOLD + 50)
    assert "corpus-sources-many" in one.codes


def test_too_many_sources_are_not_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(corpus_module, "MAX_SOURCES", 2)
    notes = notes_of(tmp_path)
    corpus = Corpus(notes, "test")
    for text in "abcd":
        corpus.source(text)
    corpus.write({})
    done = Read((notes,))
    assert "corpus-sources-too-many" in done.unread
    assert "sources" not in index_of(done)


@given(st.text(max_size=60))
def test_no_source_raises(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    notes = notes_of(tmp_path_factory.mktemp("c"))
    corpus = Corpus(notes, "test")
    corpus.source(text)
    corpus.model(text, "sentence_transformer", "/m")
    corpus.write({})
    assert len(documents_of(Read((notes,)))) == 1
