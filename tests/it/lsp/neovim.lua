-- Drives `runbook lsp` with Neovim's own client, and writes what it saw to result.json.
-- It runs on every Neovim since 0.7: what is newer is used where it is there.

local result = {}
local PATIENCE = 60000

local function wait(what, condition)
  if not vim.wait(PATIENCE, condition, 10) then
    error('timed out waiting for ' .. what)
  end
end

local function drive()
  vim.cmd('edit runbooks/a.md')
  local buffer = vim.api.nvim_get_current_buf()
  local exit = nil
  local config = {
    name = 'runbook',
    cmd = { vim.env.RUNBOOK, 'lsp' },
    root_dir = vim.fn.getcwd(),
    on_exit = function(code) exit = code end,
  }
  local client
  if vim.lsp.start then
    client = vim.lsp.start(config, { bufnr = buffer })
  else
    client = vim.lsp.start_client(config)
    vim.lsp.buf_attach_client(buffer, client)
  end

  -- Findings appear.
  wait('findings', function() return #vim.diagnostic.get(buffer) > 0 end)
  result.findings = {}
  for _, one in ipairs(vim.diagnostic.get(buffer)) do
    local lsp = one.user_data and one.user_data.lsp or {}
    table.insert(result.findings, {
      code = one.code or lsp.code, line = one.lnum, column = one.col, message = one.message,
    })
  end

  local encoding = vim.lsp.get_client_by_id(client).offset_encoding
  local function ask(method, line, column, more)
    vim.api.nvim_win_set_cursor(0, { line + 1, column })
    local params = vim.lsp.util.make_position_params(0, encoding)
    local answers = vim.lsp.buf_request_sync(buffer, method, vim.tbl_extend('force', params, more or {}), PATIENCE)
    local answer = answers and answers[client]
    if not answer or answer.err then
      error(method .. ': ' .. vim.inspect(answer))
    end
    return answer.result
  end
  local function line_of(number) return vim.api.nvim_buf_get_lines(buffer, number, number + 1, false)[1] end
  local function column_of(number, text) return assert(line_of(number):find(text, 1, true)) - 1 end

  -- The wrong name is cut off, and an offer is taken.
  local line = line_of(13)
  vim.api.nvim_buf_set_lines(buffer, 13, 14, false, { (line:gsub('alais', '')) })
  local at = column_of(13, 'params.') + #'params.'
  for _, item in ipairs(ask('textDocument/completion', 13, at).items) do
    if item.label == 'alias' then
      vim.lsp.util.apply_text_edits({ item.textEdit }, buffer, encoding)
    end
  end
  result.completed = line_of(13)
  wait('the finding to go', function() return #vim.diagnostic.get(buffer) == 0 end)
  result.left = #vim.diagnostic.get(buffer)

  -- The outputs of a step.
  result.outputs = {}
  local after = column_of(20, 'make.') + #'make.'
  for _, item in ipairs(ask('textDocument/completion', 20, after).items) do
    table.insert(result.outputs, item.label)
  end

  result.hover = ask('textDocument/hover', 17, column_of(17, 'set-alias')).contents.value

  -- Go to the step that is named.
  local target = ask('textDocument/definition', 20, column_of(20, 'make'))
  target = target[1] or target
  local start = (target.targetSelectionRange or target.range).start
  result.definition = { line = start.line, column = start.character }

  -- Rename it.
  local edit = ask('textDocument/rename', 20, column_of(20, 'make'), { newName = 'create' })
  vim.lsp.util.apply_workspace_edit(edit, encoding)
  result.renamed = table.concat(vim.api.nvim_buf_get_lines(buffer, 0, -1, false), '\n')

  vim.lsp.stop_client(client)
  wait('the server to end', function() return exit ~= nil end)
  result.exit = exit
end

local fine, message = pcall(drive)
if not fine then result.error = message end
vim.fn.writefile({ vim.fn.json_encode(result) }, 'result.json')
vim.cmd('qall!')
