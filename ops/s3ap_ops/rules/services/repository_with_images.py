"""S3AP832: image repositories that are not empty."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from s3ap_lint.api import Finding, Fix, Severity, bad, good, rule
from s3ap_ops.api import ApiCall, LiveResource, Risk, call, count

BATCH = 100
"""https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_BatchDeleteImage.html"""


@rule(
    code="S3AP832",
    subject=LiveResource,
    severity=Severity.ERROR,
    since="0.1.0",
    examples=[
        bad(
            "an image for two architectures: the list goes before what it lists",
            {
                "stack.yaml": """
                Stack: uc1-demo
                Resources:
                  Images:  # <- S3AP832
                    Type: AWS::ECR::Repository
                    PhysicalId: uc1-demo/inference
                    Facts: {exists: true, indexes: ["sha256:aa"], images: ["sha256:bb", "sha256:cc"], capped: false}
                """
            },
            fixed={
                "calls": """
                aws ecr batch-delete-image --repository-name uc1-demo/inference --image-ids '[{"imageDigest": "sha256:aa"}]'
                aws ecr batch-delete-image --repository-name uc1-demo/inference --image-ids '[{"imageDigest": "sha256:bb"}, {"imageDigest": "sha256:cc"}]'
                """  # noqa: E501
            },
        ),
        bad(
            "more images than are worth a call for each hundred",
            {
                "stack.yaml": """
                Stack: uc1-demo
                Resources:
                  Images:  # <- S3AP832
                    Type: AWS::ECR::Repository
                    PhysicalId: uc1-demo/inference
                    Facts: {exists: true, indexes: [], images: ["sha256:aa"], capped: true}
                """
            },
            fixed={"calls": "aws ecr delete-repository --repository-name uc1-demo/inference --force\n"},
        ),
        good(
            "empty, retained, or deployed with EmptyOnDelete",
            {
                "stack.yaml": """
                Stack: uc1-demo
                Resources:
                  Empty:
                    Type: AWS::ECR::Repository
                    Facts: {exists: true, indexes: [], images: [], capped: false}
                  Kept:
                    Type: AWS::ECR::Repository
                    DeletionPolicy: Retain
                    Facts: {exists: true, indexes: [], images: ["sha256:aa"], capped: false}
                  Emptied:
                    Type: AWS::ECR::Repository
                    Properties: {EmptyOnDelete: true}
                    Facts: {exists: true, indexes: [], images: ["sha256:aa"], capped: false}
                """
            },
        ),
    ],
)
def repository_with_images(repository: LiveResource) -> Iterator[Finding]:
    """
    An image repository holds images, and its stack was not told to delete it with them.

    CloudFormation's deletion of the repository fails (RepositoryNotEmptyException). The images are deleted before, by
    digest, so that CloudFormation deletes the repository; when there are very many, the repository is deleted with
    them.
    """
    if repository.type != "AWS::ECR::Repository" or not repository.goes:
        return
    if repository.properties.get("EmptyOnDelete") in (True, "true"):
        return
    indexes, images = repository.fact("indexes", []), repository.fact("images", [])
    number, capped = len(indexes) + len(images), repository.fact("capped", False)
    if not number:
        return
    said = ("more than " if capped else "") + count(number, "image")
    # an image that another lists is refused (ImageReferencedByManifestList), inside an answer that is a success
    changes = (
        (_forced(repository, said),) if capped else (*_emptied(repository, indexes), *_emptied(repository, images))
    )
    yield Finding(
        f"{repository.physical_id} holds {said}, so its stack cannot delete it",
        at=repository.at,
        fix=Fix(f"Delete what {repository.physical_id} holds", changes),
    )


def _emptied(repository: LiveResource, digests: Sequence[str]) -> Iterator[ApiCall]:
    for start in range(0, len(digests), BATCH):
        batch = digests[start : start + BATCH]
        yield call(
            repository,
            "ecr",
            "batch_delete_image",
            repositoryName=repository.physical_id,
            imageIds=[{"imageDigest": digest} for digest in batch],
            risk=Risk.DATA_LOSS,
            destroys=count(len(batch), "image"),
            done=("RepositoryNotFoundException",),
        )


def _forced(repository: LiveResource, said: str) -> ApiCall:
    return call(
        repository,
        "ecr",
        "delete_repository",
        repositoryName=repository.physical_id,
        force=True,
        risk=Risk.DATA_LOSS,
        destroys=said,
        done=("RepositoryNotFoundException",),
    )
