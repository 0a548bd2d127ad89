"""The scripts that run inside Redis (or Valkey): each is one step no other worker can come between.

All times are the server's, so workers' clocks do not matter. A pause is a key that expires when it is over; a slot is
a member of a sorted set with its end as the score, so what a killed worker held comes free by itself; `queue` holds who
waits for one, by arrival, and `seen` when each asked last. A bucket's level
goes below zero: that is a reservation, and its taker waits until its own token has come. Buckets, in tokens:

    tok, ts       level at that time
    low, low_at   the rate we cut down to, and when; it recovers from there
    allowed       the rate Jira named
    rate, burst   only in the bucket of a login, whose measures Jira told us
"""

from __future__ import annotations

PRELUDE = """
local clock = redis.call('TIME')
local now = clock[1] + clock[2] / 1000000
local function num(key, field) return tonumber(redis.call('HGET', key, field) or '') end
local function text(number) return string.format('%.6f', number) end
local function run_id()
  -- A restarted server may have lost pauses, or have come back with an old copy: its run id is a new one.
  local info = redis.pcall('INFO', 'server')
  return type(info) == 'string' and string.match(info, 'run_id:(%x+)') or 'unknown'
end
local function current_rate(key, base, recovery)
  base = math.min(base, num(key, 'allowed') or base)
  local low = num(key, 'low')
  if not low then return base, base end
  return math.min(base, low + (now - num(key, 'low_at')) * base / recovery), base
end
local function level(key, rate, burst)
  local ts = num(key, 'ts') or now
  return math.min(burst, (num(key, 'tok') or burst) + math.max(0, now - ts) * rate)
end
"""

# KEYS: seeded, breaker, slots, site, endpoint's bucket, login's bucket, issue's bucket, queue, seen, pauses…
TAKE = (
    PRELUDE
    + """
local mode, token, trying = ARGV[1], ARGV[2], ARGV[3] == '1'
local lease, most, recovery = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local rate, burst = tonumber(ARGV[7]), tonumber(ARGV[8])
local issue_rate, issue_burst, longest = tonumber(ARGV[9]), tonumber(ARGV[10]), tonumber(ARGV[11])
local breaker, slots, queue, seen, probing = KEYS[2], KEYS[3], KEYS[8], KEYS[9], false

if redis.call('GET', KEYS[1]) ~= run_id() then return {'seed', '0', ''} end

if not trying then
  local refused = redis.call('HGET', breaker, 'refused')
  if refused then return {'login', '0', refused} end
  local shut = num(breaker, 'until')
  if shut then
    if shut > now then return {'down', text(shut - now), ''} end
    local probe_until = num(breaker, 'probe_until') or 0
    if probe_until > now and redis.call('HGET', breaker, 'probe') ~= token then
      return {'down', text(probe_until - now), ''}
    end
    probing = true
  end
end

local pause, reason = 0, ''
for i = 10, #KEYS do
  local left = redis.call('PTTL', KEYS[i])
  if left >= 0 and (left + 1) / 1000 > pause then
    pause, reason = (left + 1) / 1000, redis.call('GET', KEYS[i]) or ''
  end
end
if pause > 0 then return {'paused', text(pause), reason} end
if mode == 'look' then return {'go', '0', ''} end

redis.call('ZREMRANGEBYSCORE', slots, '-inf', now)
local at_once = math.max(1, math.floor(math.min(most, num(KEYS[4], 'limit') or most)))
local free = at_once - redis.call('ZCARD', slots)
-- First come, first served; whoever has not asked again for a while has gone.
for _, gone in ipairs(redis.call('ZRANGEBYSCORE', seen, '-inf', now - tonumber(ARGV[12]))) do
  redis.call('ZREM', seen, gone)
  redis.call('ZREM', queue, gone)
end
local before = redis.call('ZRANK', queue, token) or redis.call('ZCARD', queue)
if before >= free then
  redis.call('ZADD', queue, 'NX', text(now), token)
  redis.call('ZADD', seen, text(now), token)
  redis.call('EXPIRE', queue, 60)
  redis.call('EXPIRE', seen, 60)
  return {'busy', text(tonumber(ARGV[13]) * (before - math.max(free, 0) + 1)), ''}
end

rate = current_rate(KEYS[5], rate, recovery)
local buckets = {{KEYS[5], rate, math.min(burst, math.max(1, rate)), 3600}}
if num(KEYS[6], 'rate') then buckets[#buckets + 1] = {KEYS[6], num(KEYS[6], 'rate'), num(KEYS[6], 'burst'), 0} end
if issue_rate > 0 then buckets[#buckets + 1] = {KEYS[7], issue_rate, issue_burst, 60} end
local wait, back = 0, 0
for _, b in ipairs(buckets) do
  b[5] = level(b[1], b[2], b[3])
  local short = (1 - b[5]) / b[2]
  if short > wait then wait = short end
  -- Who is put off had better find a handful of tokens than one: a run begins with a few reads.
  if short > longest then back = math.max(back, (math.min(b[3], 10) - b[5]) / b[2]) end
end
if wait > longest then return {'rate', text(math.max(wait, back)), ''} end
for _, b in ipairs(buckets) do
  local ts = math.max(now, num(b[1], 'ts') or 0)
  redis.call('HSET', b[1], 'tok', text(b[5] - 1), 'ts', text(ts))
  if b[4] > 0 then redis.call('EXPIRE', b[1], b[4]) end
end
redis.call('ZADD', slots, text(now + lease), token)
redis.call('EXPIRE', slots, 3600)
redis.call('ZREM', queue, token)
redis.call('ZREM', seen, token)
if probing then redis.call('HSET', breaker, 'probe', token, 'probe_until', text(now + lease)) end
return {'go', text(wait), ''}
"""
)

# KEYS: breaker, slots, queue, seen. ARGV: token, lease (0 to give back).
HOLD = (
    PRELUDE
    + """
local lease = tonumber(ARGV[2])
if lease > 0 then
  redis.call('ZADD', KEYS[2], 'XX', text(now + lease), ARGV[1])
else
  for i = 2, 4 do redis.call('ZREM', KEYS[i], ARGV[1]) end
end
if redis.call('HGET', KEYS[1], 'probe') == ARGV[1] then
  if lease > 0 then redis.call('HSET', KEYS[1], 'probe_until', text(now + lease))
  else redis.call('HDEL', KEYS[1], 'probe', 'probe_until') end
end
return 'OK'
"""
)

# KEYS: breaker, site, endpoint's bucket, login's bucket, pause
TOLD = (
    PRELUDE
    + """
local outcome, trying, reason = ARGV[1], ARGV[2] == '1', ARGV[3]
local seconds, slow, allowed, fewer = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6]), ARGV[7] == '1'
local most, rate, lowest = tonumber(ARGV[8]), tonumber(ARGV[9]), tonumber(ARGV[10])
local recovery, between = tonumber(ARGV[11]), tonumber(ARGV[12])
local to_open, first_open, longest_open = tonumber(ARGV[13]), tonumber(ARGV[14]), tonumber(ARGV[15])
local ease = tonumber(ARGV[21])
local breaker, site, bucket = KEYS[1], KEYS[2], KEYS[3]

if outcome == 'good' or outcome == 'limited' then
  redis.call('HDEL', breaker, 'fails', 'opened', 'until', 'probe', 'probe_until')
  if outcome == 'good' and trying then redis.call('HDEL', breaker, 'refused') end
elseif outcome == 'refused' then
  redis.call('HSET', breaker, 'refused', reason)
else
  local fails = redis.call('HINCRBY', breaker, 'fails', 1)
  local shut = num(breaker, 'until')
  if (shut and shut <= now) or (not shut and fails >= to_open) then
    local opened = redis.call('HINCRBY', breaker, 'opened', 1)
    local open = math.min(longest_open, first_open * 2 ^ math.min(opened - 1, 20))
    redis.call('HSET', breaker, 'until', text(now + open))
    redis.call('HDEL', breaker, 'probe', 'probe_until')
  end
end
redis.call('EXPIRE', breaker, 2592000)

local limit = math.min(most, num(site, 'limit') or most)
if fewer then
  if now - (num(site, 'cut_at') or 0) >= between then
    redis.call('HSET', site, 'limit', text(math.max(1, limit / 2)), 'cut_at', text(now))
  end
elseif outcome == 'good' and limit < most then
  redis.call('HSET', site, 'limit', text(math.min(most, limit + 1 / limit)))
end
if outcome == 'good' then redis.call('HDEL', site, 'silent') end

if seconds < 0 then
  seconds = 0
  if redis.call('EXISTS', KEYS[5]) == 0 then
    seconds = math.min(30, 2 ^ math.min(redis.call('HINCRBY', site, 'silent', 1), 10))
  end
end
redis.call('EXPIRE', site, 3600)
if seconds > 0 then
  local ms = math.ceil(seconds * 1000)
  if redis.call('PTTL', KEYS[5]) < ms then redis.call('SET', KEYS[5], reason, 'PX', ms) end
  -- After a pause one goes at once and the rest follow at the rate, or the next 429 is near.
  if ARGV[20] == '1' then
    redis.call('HSET', bucket, 'tok', 1, 'ts', text(math.max(now + seconds, num(bucket, 'ts') or 0)))
  end
end

local before = current_rate(bucket, rate, recovery)
if allowed then redis.call('HSET', bucket, 'allowed', text(allowed)) end
if slow then
  local current, base = current_rate(bucket, rate, recovery)
  if current < before then slow = math.max(slow, ease) end
  local target = math.max(math.min(base, lowest), current * slow)
  if target < current and now - (num(bucket, 'low_at') or 0) >= between then
    redis.call('HSET', bucket, 'low', text(target), 'low_at', text(now))
  end
end
if allowed or slow or seconds > 0 then redis.call('EXPIRE', bucket, math.ceil(3600 + seconds)) end

if ARGV[16] ~= '' then
  local all_rate, all_burst, left = tonumber(ARGV[16]), tonumber(ARGV[17]), tonumber(ARGV[18])
  local tok = math.min(left, num(KEYS[4], 'rate') and level(KEYS[4], all_rate, all_burst) or left)
  redis.call('HSET', KEYS[4], 'rate', text(all_rate), 'burst', text(all_burst), 'tok', text(tok), 'ts', text(now))
  redis.call('EXPIRE', KEYS[4], math.max(1, math.ceil(tonumber(ARGV[19]))))
end
return text(seconds)
"""
)

# KEYS: seeded, breaker, pauses… ARGV: code of a refused login or '', then seconds and reason for each pause.
SEED = (
    PRELUDE
    + """
if ARGV[1] ~= '' then redis.call('HSET', KEYS[2], 'refused', ARGV[1]) end
for i = 3, #KEYS do
  local ms = math.ceil(tonumber(ARGV[2 * i - 4]) * 1000)
  if ms > 0 and redis.call('PTTL', KEYS[i]) < ms then redis.call('SET', KEYS[i], ARGV[2 * i - 3], 'PX', ms) end
end
redis.call('SET', KEYS[1], run_id(), 'EX', 3600)
return 'OK'
"""
)
