local clients = {}

vim.api.nvim_create_autocmd("FileType", {
  pattern = { "cloudformation", "json", "python", "toml", "yaml", "yaml.cloudformation" },
  callback = function(args)
    local folder = vim.fn.fnamemodify(vim.api.nvim_buf_get_name(args.buf), ":p:h")
    local own, git = vim.fn.findfile(".s3ap-lint.toml", folder .. ";"), vim.fn.finddir(".git", folder .. ";")
    local marker = own ~= "" and own or git
    local root = marker ~= "" and vim.fn.fnamemodify(marker, ":p"):gsub("/+$", ""):gsub("/[^/]*$", "") or folder
    clients[root] = clients[root]
      or vim.lsp.start_client({
        name = "s3ap-lint",
        cmd = { "s3ap-lint", "lsp" },
        root_dir = root,
        init_options = vim.empty_dict(), -- { engine = "cfn-validate", run = "save", config = "/path/to/file.toml" }
        on_exit = function()
          clients[root] = nil
        end,
      })
    if clients[root] then
      vim.lsp.buf_attach_client(args.buf, clients[root])
    end
  end,
})
