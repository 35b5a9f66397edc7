-- A person at Neovim: run by `nvim --headless -u`, with the settings of editors/neovim, in the folder of an application.
-- Writes what was seen at each step to the file that $SEEN names, as JSON.

local settings = os.getenv("SETTINGS")
local seen = {}

local function finish()
  local file = assert(io.open(os.getenv("SEEN"), "w"))
  file:write(vim.fn.json_encode(seen))
  file:close()
  vim.cmd("qall!")
end

local function start()
  vim.cmd("filetype on")
  vim.o.hidden = true
  if vim.lsp.enable then
    vim.opt.runtimepath:prepend(settings)
    vim.lsp.enable("s3ap-lint")
  elseif vim.lsp.start then
    dofile(settings .. "/start-0.8.lua")
  else
    dofile(settings .. "/start-0.7.lua")
  end
  vim.ui.select = function(items, _, choose) -- what a person would pick from the menu: the first
    choose(items[1], 1)
  end
end

local function codes(buffer)
  local found = {}
  for _, diagnostic in ipairs(vim.diagnostic.get(buffer)) do
    local code = diagnostic.code or diagnostic.user_data.lsp.code
    table.insert(found, string.format("%d:%d %s", diagnostic.lnum + 1, diagnostic.col + 1, code))
  end
  table.sort(found)
  return found
end

-- Wait until the buffer has exactly these findings; note those it has, whether they came or not.
local function expect(step, buffer, wanted)
  vim.wait(tonumber(os.getenv("PATIENCE")) * 1000, function()
    return vim.deep_equal(wanted, codes(buffer))
  end, 20)
  local found = codes(buffer)
  table.insert(seen, { step = step, findings = #found > 0 and found or vim.empty_dict() })
  return vim.deep_equal(wanted, found)
end

local function note_file(step, name)
  table.insert(seen, { step = step, file = table.concat(vim.fn.readfile(name, "b"), "\n") })
end

local function open(name)
  vim.cmd("edit " .. name)
  return vim.api.nvim_get_current_buf()
end

local function quick_fix()
  local context = { only = { "quickfix" } }
  if vim.lsp.start then
    vim.lsp.buf.code_action({ context = context })
  else
    context.diagnostics = vim.lsp.diagnostic.get_line_diagnostics()
    vim.lsp.buf.code_action(context)
  end
end

local function session()
  local unset, unused = "6:12 S3AP302", "1:8 F401"
  start()
  local handler = open("functions/reader/handler.py")
  if not expect("opened", handler, { unused, unset }) then
    return
  end

  local template = open("template.yaml")
  vim.fn.append(vim.fn.search("INPUT:"), "          TABLE: orders")
  expect("the template, not saved yet, sets the variable", handler, { unused })
  vim.cmd("silent undo")
  expect("it does not any more", handler, { unused, unset })
  vim.cmd("silent redo")
  expect("it does again", handler, { unused })
  vim.cmd("write")

  vim.cmd("buffer " .. handler)
  vim.fn.setline(6, '    return json.dumps(os.environ["TABLE"])')
  vim.cmd("write")
  expect("edited and saved", handler, {})
  vim.cmd("silent undo")
  vim.cmd("write")
  expect("undone", handler, { unused })

  vim.fn.cursor(1, 8)
  quick_fix()
  expect("fixed", handler, {})
  vim.cmd("write")
  note_file("the file after the quick fix", "functions/reader/handler.py")

  vim.cmd("silent undo")
  vim.cmd("write")
  expect("undone again", handler, { unused })
  dofile(settings .. "/fix-on-save.lua")
  vim.fn.append("$", "# the end")
  vim.cmd("write")
  note_file("the file after a save that fixes", "functions/reader/handler.py")
  expect("fixed on save", handler, {})
  assert(vim.api.nvim_buf_is_loaded(template))
end

local ok, problem = pcall(session)
if not ok then
  table.insert(seen, { step = "failed", problem = tostring(problem) })
end
finish()
