return {
  cmd = { "s3ap-lint", "lsp" },
  filetypes = { "cloudformation", "json", "python", "toml", "yaml", "yaml.cloudformation" },
  root_markers = { ".s3ap-lint.toml", ".git" },
  init_options = {}, -- engine = "cfn-validate", run = "save", config = "/path/to/file.toml"
}
