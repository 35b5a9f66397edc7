"""`python -m s3ap_lint` is the same program as `s3ap-lint`."""

import sys

if __name__ == "__main__":
    if not sys.flags.safe_path:
        del sys.path[0]  # the working directory, which may be a stranger's checkout with a yaml.py of its own

    from s3ap_lint.cli import main

    sys.exit(main())
