"""What a template names in the project, as objects of a bucket: the same on every run, under keys that say so."""
