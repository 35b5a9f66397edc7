"""How many faults the linter finds when clean applications are broken, and what it says where nothing is broken.

    python -m bench.faults [--corpus FOLDER] [--most N] [--unclean] [--operator NAME]

Without a folder: the clean fixtures, every place that an operator fits.
"""

from __future__ import annotations

import argparse
import platform
import time
from pathlib import Path

from bench.faults.campaign import Campaign
from bench.faults.operators import OPERATORS
from bench.faults.table import told
from s3ap_lint import __version__

FIXTURES = Path(__file__).resolve().parent.parent.parent / "fixtures"
CLEAN = ((FIXTURES / "payments", ("",)), (FIXTURES / "library", ("invoice-archive",)))
"""The fixtures that are clean, as roots and the folders of applications in them."""


def over_fixtures() -> list[Campaign]:
    """A campaign for each clean fixture."""
    return [Campaign(root, folders=folders) for root, folders in CLEAN]


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m bench.faults", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--corpus", type=Path, metavar="FOLDER", help="break the clean applications of a project")
    parser.add_argument("--most", type=int, default=0, metavar="N", help="at most so many breaks for each operator")
    parser.add_argument("--unclean", action="store_true", help="also those that other rules find something in already")
    parser.add_argument("--operator", action="append", choices=[o.name for o in OPERATORS], help="only this one")
    options = parser.parse_args()
    wanted = [operator for operator in OPERATORS if not options.operator or operator.name in options.operator]
    started = time.perf_counter()
    campaigns = (
        [Campaign(options.corpus.resolve(), options.most, unclean=options.unclean)]
        if options.corpus
        else over_fixtures()
    )
    trials = [trial for campaign in campaigns for trial in campaign.trials(wanted)]
    print(f"python {platform.python_version()}, s3ap-lint {__version__}")
    print(told(wanted, trials, campaigns[0].linter.registered))
    print("left out, not clean as they are:")
    print("".join(f"  {line}\n" for campaign in campaigns for line in campaign.left_out))
    seconds = time.perf_counter() - started
    print(f"{len(trials)} breaks in {len({t.app for t in trials})} applications, {seconds:.0f} seconds")


if __name__ == "__main__":
    main()
