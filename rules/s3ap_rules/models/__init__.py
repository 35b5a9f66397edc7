"""S3AP711 to S3AP714: the models that are called on Amazon Bedrock."""

from collections.abc import Iterable

from s3ap_lint.api import Detector, Rule, hookimpl
from s3ap_rules.models.bare_id_in_code import bare_model_id_in_code, bare_model_id_in_file
from s3ap_rules.models.bare_model_id import bare_model_id
from s3ap_rules.models.deprecated_model import deprecated_model, deprecated_model_in_file, deprecated_model_inline
from s3ap_rules.models.given_model import (
    bare_model_id_given,
    deprecated_model_given,
    invalid_inference_profile_given,
)
from s3ap_rules.models.invalid_inference_profile import (
    invalid_inference_profile,
    invalid_inference_profile_in_file,
    invalid_inference_profile_inline,
)
from s3ap_rules.models.model_body_mismatch import model_body_mismatch
from s3ap_rules.models.state_model import (
    bare_model_id_in_state,
    deprecated_model_in_state,
    invalid_inference_profile_in_state,
)


@hookimpl
def s3ap_rules() -> Iterable[Rule | Detector]:
    """The rules of this family."""
    return [
        bare_model_id,
        bare_model_id_in_code,
        bare_model_id_in_file,
        bare_model_id_given,
        bare_model_id_in_state,
        invalid_inference_profile,
        invalid_inference_profile_in_file,
        invalid_inference_profile_inline,
        invalid_inference_profile_given,
        invalid_inference_profile_in_state,
        deprecated_model,
        deprecated_model_in_file,
        deprecated_model_inline,
        deprecated_model_given,
        deprecated_model_in_state,
        model_body_mismatch,
    ]
