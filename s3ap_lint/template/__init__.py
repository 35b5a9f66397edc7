"""CloudFormation and SAM templates: nodes that know their place, and what their values may become."""
