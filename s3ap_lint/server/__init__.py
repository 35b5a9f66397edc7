"""The language server: an adapter from the Language Server Protocol to the rules, loaded by `s3ap-lint lsp` only."""
