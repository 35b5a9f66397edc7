"""Every example of every rule that is installed, in every way in which it can be checked."""

import pytest

from s3ap_lint.testing import Case, example_cases


@pytest.mark.parametrize("case", example_cases(), ids=str)
def test_example(case: Case) -> None:
    case.check()
