"""`python -m s3ap_ops.testing`: a world as a process of its own, for command-line clients."""

import argparse
import runpy
import threading
from pathlib import Path

from s3ap_ops.testing.world import World


def main() -> None:
    """Prints the world's URL, then serves until it is stopped."""
    parser = argparse.ArgumentParser(prog="python -m s3ap_ops.testing", description="An AWS account on the loopback.")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--setup", type=Path, help="a Python file that is run with `world` at hand")
    arguments = parser.parse_args()
    with World(port=arguments.port) as world:
        if arguments.setup:
            runpy.run_path(str(arguments.setup), init_globals={"world": world})
        print(world.endpoint, flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
