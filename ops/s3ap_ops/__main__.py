"""`python -m s3ap_ops`."""

import sys

from s3ap_ops.cli import main

sys.exit(main())
