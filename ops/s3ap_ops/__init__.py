"""Tears CloudFormation stacks down by a plan, with the rule model of s3ap-lint."""

__version__ = "0.1.0"
