"""The steps of action.yml: `python -I action STEP`, told everything by environment variables.

Nothing of the checked repository is imported: -I leaves its folder and PYTHONPATH out, and the program is started in
the same way. Values come from variables, never from `${{ }}` in a script: no branch name and no input is a command.
"""

import sys

import annotate
import install
import lint
from runner import Refused, failed, tell

STEPS = {"install": install.run, "lint": lint.run, "annotate": annotate.run}

if __name__ == "__main__":
    try:
        STEPS[sys.argv[1]]()
    except Refused as error:
        failed(str(error))
        tell({"status": "2"})
        sys.exit(2)
