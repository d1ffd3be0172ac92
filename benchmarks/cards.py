"""What it costs to read cards, beside the Hub's own client, in CPU time of one run.

``python benchmarks/cards.py [--smoke]``

Generated ``README.md`` files with the oddities of 29,432 real ones, in their shares:
half have no front matter; a few have text where a list is meant, a list of licences,
Norwegian without quotes, results that the client refuses, a byte order mark, blanks
behind the fence, no closing fence, broken YAML, or bytes that are not UTF-8. They go
through

* *front matter*: ours, up to keys and values, with a finding for each oddity;
* *cataloger*: ours, up to facts, edges and findings. Both read each file from disk and
  compare its SHA-256 with the one it had when the place was hashed;
* *ModelCard*: ``ModelCard.load`` of huggingface_hub, told to ignore errors in metadata.

First both must agree: where the client finds keys, ours finds the same, and where ours
finds none, it says why. Then they take turns, and the least CPU time of three counts.
Exit code 1 if a bound is broken: of the client's time, front matter takes at most three
quarters, and the whole cataloger at most all.
"""

from __future__ import annotations

import argparse
import gc
import math
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from aibom.catalogers.front_matter import read_front_matter
from aibom.catalogers.notes import Notes
from aibom.catalogers.place import Place
from aibom.catalogers.places.card import CATALOGER

CARDS = {"smoke": 1_000, "default": 8_000}
ROUNDS = 3
#: Of the client's time: front matter alone, and the whole cataloger.
MAX_FRONT_MATTER, MAX_CATALOGER = 0.75, 1.0

PROSE = "# A model\n\n" + "It was trained with care, and answers.\n" * 60
RESULTS = """model-index:
- name: model
  results:
  - task: {type: text-classification, name: Text Classification}
    dataset: {type: glue, name: GLUE SST2, args: sst2}
    metrics:
    - {type: accuracy, value: 0.9105, name: Accuracy}
    - {type: f1, value: 0.9, name: F1}
"""
PLAIN = """language:
- en
- de
license: apache-2.0
library_name: transformers
pipeline_tag: text-classification
tags: [text-classification, pytorch, generated_from_trainer, bert]
datasets:
- glue
- stanfordnlp/imdb
metrics:
- accuracy
base_model: google-bert/bert-base-uncased
widget:
- text: I love this.
"""
#: Each oddity with its share of all cards, in thousandths, and the card.
ODDITIES: Mapping[str, tuple[float, str]] = {
    "empty": (12, ""),
    "results": (100, f"---\n{PLAIN}{RESULTS}---\n{PROSE}"),
    "results that are refused": (
        12.3,
        f"---\n{PLAIN}model-index: [{{name: m, results: [{{metrics: []}}]}}]\n---\n",
    ),
    "a text for a list": (6.8, f"---\nlicense: mit\ndatasets: glue\n---\n{PROSE}"),
    "licences": (1, f"---\nlicense: [mit, apache-2.0]\n---\n{PROSE}"),
    "Norwegian": (2.1, f"---\nlanguage: no\nlicense: mit\n---\n{PROSE}"),
    "byte order mark": (0.4, f"\ufeff---\n{PLAIN}---\n{PROSE}"),
    "blanks behind the fence": (0.4, f"--- \n{PLAIN}---\n{PROSE}"),
    "no closing fence": (0.4, f"---\n{PLAIN}\n{PROSE}"),
    "windows lines": (10, f"---\n{PLAIN}---\n{PROSE}".replace("\n", "\r\n")),
    "broken YAML": (0.2, f"---\n{PLAIN}a: [\n---\n{PROSE}"),
    "none": (514, PROSE),
}


def write_cards(folder: Path, count: int) -> None:
    """Cards in folders of their own, in an order that is the same in each run."""
    texts = [
        text
        for share, text in ODDITIES.values()
        for _ in range(round(count * share / 1000) or 1)
    ]
    texts += [f"---\n{PLAIN}---\n{PROSE}"] * (count - len(texts))
    random.Random(5).shuffle(texts)
    for index, text in enumerate(texts[:count]):
        card = folder / f"{index:05}" / "README.md"
        card.parent.mkdir()
        card.write_bytes(f"{text}\n<!-- {index} -->\n".encode() if text else b"")
    (folder / "00000" / "README.md").write_bytes(b"---\nlicense: mit\n---\n\xe9")


def notes_of(place: Place) -> Iterator[Notes]:
    """Notes for each card, as a scan makes them."""
    return (Notes(CATALOGER.id, place, name) for name in place.names)


def front_matter(place: Place) -> int:
    """Ours, up to keys and values; how many cards have any."""
    return sum(read_front_matter(notes) is not None for notes in notes_of(place))


def cataloger(place: Place) -> int:
    """Ours, up to facts and edges; how many cards state something."""
    count = 0
    for notes in notes_of(place):
        CATALOGER.read(notes)
        count += bool(notes.facts or notes.edges)
    return count


def their_keys(path: Path) -> set[str]:
    """The keys that the Hub's client finds; none where it refuses the card."""
    import yaml
    from huggingface_hub import ModelCard

    try:
        card = ModelCard.load(path, ignore_metadata_errors=True)
    except (ValueError, TypeError, yaml.YAMLError):
        return set()
    return set(card.data.to_dict())


def model_card(place: Place) -> int:
    """The client; how many cards it finds keys in."""
    import yaml
    from huggingface_hub import ModelCard

    count = 0
    for name in place.names:
        try:
            card = ModelCard.load(place.path / name, ignore_metadata_errors=True)
        except (ValueError, TypeError, yaml.YAMLError):
            continue
        count += any(value is not None for value in card.data.__dict__.values())
    return count


def check_agreement(place: Place) -> tuple[int, int]:
    """Refuse to time readers that differ; (cards both read, cards only ours read)."""
    both = only_ours = 0
    for notes in notes_of(place):
        front = read_front_matter(notes)
        ours = set(front.values) if front else set()
        theirs = their_keys(place.path / notes.path)
        if missing := theirs - ours - {"model_name"}:  # which it takes from results
            raise SystemExit(f"{notes.path}: ours lacks {sorted(missing)}")
        if not ours and not notes.findings:
            raise SystemExit(f"{notes.path}: nothing was read, and nothing said")
        both += bool(ours and theirs)
        only_ours += bool(ours and not theirs)
    return both, only_ours


def measure(
    jobs: Mapping[str, Callable[[Place], int]], place: Place
) -> dict[str, float]:
    """The least CPU seconds of each, taken in turns, with the collector on."""
    least = dict.fromkeys(jobs, math.inf)
    for _ in range(ROUNDS):
        for name, job in jobs.items():
            gc.collect()
            before = time.process_time()
            if not job(place):
                raise SystemExit(f"{name}: no card was read")
            least[name] = min(least[name], time.process_time() - before)
    return least


def main() -> int:
    """Run the benchmark; 1 if a bound is broken."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--smoke", action="store_true", help="1,000 cards")
    count = CARDS["smoke" if parser.parse_args().smoke else "default"]

    from huggingface_hub.utils import logging

    logging.set_verbosity_error()
    with tempfile.TemporaryDirectory() as folder:
        write_cards(Path(folder), count)
        place = Place.of(Path(folder))
        both, only_ours = check_agreement(place)
        print(f"{count:,} cards: both read {both:,}, only ours {only_ours:,} more")
        jobs = {
            "front matter": front_matter,
            "cataloger": cataloger,
            "ModelCard": model_card,
        }
        times = measure(jobs, place)
    for name, seconds in times.items():
        ratio = seconds / times["ModelCard"]
        print(
            f"{name:14}{seconds * 1e6 / count:9.1f} us a card{ratio:7.2f} x ModelCard"
        )
    broken = [
        f"{name} takes {times[name] / times['ModelCard']:.2f} of ModelCard's time, "
        f"over {limit}"
        for name, limit in (
            ("front matter", MAX_FRONT_MATTER),
            ("cataloger", MAX_CATALOGER),
        )
        if times[name] > limit * times["ModelCard"]
    ]
    for bound in broken:
        print(f"BROKEN: {bound}", file=sys.stderr)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
