#!lua
-- line: adds lines to the log of a day, each once.
--
-- KEYS    taken_today log
-- ARGV    now
--         per line: line
--   now   milliseconds
--   line  without seq and at_ms: kind and the rest, tab-separated
-- RETURNS the number after the last line; closed, and nothing is written, where the log takes no more, or is not there
-- WRITES  taken_today log
-- COST    O(1) a line

local taken_today, log = KEYS[1], KEYS[2]
local now = ARGV[1]
local call = redis.call

local seq = tonumber(call('HGET', taken_today, '@log') or '')
if not seq then
  return 'closed'
end
local lines = {}
for at = 2, #ARGV do
  if call('HSETNX', taken_today, '@line:' .. ARGV[at], 1) == 1 then
    lines[#lines + 1] = string.format('%d\t%s\t%s', seq, now, ARGV[at])
    seq = seq + 1
  end
end
if #lines > 0 then
  call('HSET', taken_today, '@log', seq)
  call('XADD', log, string.format('%d-0', seq), 'lines', table.concat(lines, '\n'))
end
return seq
