-- Checks each body against the script's argument, and prints the figures as JSON.

local threads = {}

function setup(thread)
  table.insert(threads, thread)
end

function init(args)
  expected = args[1]
  mismatches = 0
end

function response(status, headers, body)
  if body ~= expected then mismatches = mismatches + 1 end
end

function done(summary)
  local mismatched = 0
  for _, thread in ipairs(threads) do mismatched = mismatched + thread:get('mismatches') end
  local errors = summary.errors
  io.write(string.format(
    '{"requests":%d,"duration":%d,"mismatches":%d,"non2xx":%d,"errors":%d}\n',
    summary.requests, summary.duration, mismatched, errors.status,
    errors.connect + errors.read + errors.write + errors.timeout))
end
