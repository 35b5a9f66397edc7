"""Every live example of every rule that is installed."""

import pytest

from s3ap_ops.examples import Case, live_cases


@pytest.mark.parametrize("case", live_cases(), ids=str)
def test_example(case: Case) -> None:
    case.check()
