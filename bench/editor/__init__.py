"""How long an editor waits: the language server measured by a client that speaks the protocol and nothing else."""
