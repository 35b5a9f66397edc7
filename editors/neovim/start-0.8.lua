vim.api.nvim_create_autocmd("FileType", {
  pattern = { "cloudformation", "json", "python", "toml", "yaml", "yaml.cloudformation" },
  callback = function(args)
    local above = { upward = true, path = vim.fs.dirname(vim.api.nvim_buf_get_name(args.buf)) }
    local marker = vim.fs.find(".s3ap-lint.toml", above)[1] or vim.fs.find(".git", above)[1]
    vim.lsp.start({
      name = "s3ap-lint",
      cmd = { "s3ap-lint", "lsp" },
      root_dir = vim.fs.dirname(marker or vim.api.nvim_buf_get_name(args.buf)),
      init_options = vim.empty_dict(), -- { engine = "cfn-validate", run = "save", config = "/path/to/file.toml" }
    })
  end,
})
