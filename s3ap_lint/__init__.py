"""A static analyser for the joints of serverless applications on AWS."""

__version__ = "0.1.0"
