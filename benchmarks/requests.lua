-- Send the requests of a file, one after the other, and tell the counts as JSON.
-- The file: for each request its size on a line, then its bytes. The second argument is a pause
-- of each connection before a request, in milliseconds.

local requests, turn = {}, 0

function init(arguments)
  local file = assert(io.open(arguments[1], "rb"))
  for size in function() return file:read("*l") end do
    requests[#requests + 1] = file:read(tonumber(size))
  end
  file:close()
  if arguments[2] then
    delay = function() return tonumber(arguments[2]) end
  end
end

function request()
  turn = turn % #requests + 1
  return requests[turn]
end

function done(summary)
  local errors = summary.errors
  io.write(string.format(
    '\n{"requests": %d, "microseconds": %d, "refused": %d, "timeouts": %d, "broken": %d}\n',
    summary.requests, summary.duration, errors.status, errors.timeout,
    errors.connect + errors.read + errors.write))
end
