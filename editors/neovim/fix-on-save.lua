local function ask(client, method, params, buffer)
  local answer = vim.lsp.buf_request_sync(buffer, method, params, 2000) or {}
  return (answer[client.id] or {}).result
end

vim.api.nvim_create_autocmd("BufWritePre", {
  callback = function(args)
    for _, client in ipairs((vim.lsp.get_clients or vim.lsp.get_active_clients)()) do
      if client.name == "s3ap-lint" and vim.lsp.buf_is_attached(args.buf, client.id) then
        local last = { line = vim.api.nvim_buf_line_count(args.buf), character = 0 }
        local actions = ask(client, "textDocument/codeAction", {
          textDocument = { uri = vim.uri_from_bufnr(args.buf) },
          range = { start = { line = 0, character = 0 }, ["end"] = last },
          context = { only = { "source.fixAll.s3ap-lint" }, diagnostics = {} },
        }, args.buf)
        for _, action in ipairs(actions or {}) do
          local whole = action.edit and action or ask(client, "codeAction/resolve", action, args.buf) or {}
          if whole.edit then
            vim.lsp.util.apply_workspace_edit(whole.edit, client.offset_encoding)
          end
        end
      end
    end
  end,
})
