/**
 * Scripts that run in Redis. BullMQ's own are kept as they are, and get a beginning and an end where one step must do
 * both: a job is refused or added, a job is started with all that its worker must know, and a job ends with its reply.
 */

/** The time in milliseconds, by the clock that all processes share. */
const NOW = `
local function now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
local function finely()
  local time = redis.call('TIME')
  return string.format('%.3f', time[1] * 1000 + time[2] / 1000)
end
`;

/**
 * A script of BullMQ gets the date from its caller. The clocks of two machines may be an hour apart: a job that one of them
 * delays would be due an hour later for the other.
 */
const BY_REDIS = `
ARGV[2] = string.format('%.0f', now())
`;

/** Refuses a new job when `maxWaiting` wait, or are to wait again: gives 0. Notes when a job was accepted. */
const add = (lua: string, maxWaiting: number) => `
${NOW}
local args = cmsgpack.unpack(ARGV[1])
local key = args[1] .. args[2]
local known = redis.call('EXISTS', key) == 1
local held = redis.call('LLEN', KEYS[1]) + redis.call('ZCARD', KEYS[6])
if not known and held >= ${maxWaiting} then return 0 end
local function bullmq()
${lua}
end
local id = bullmq()
if not known then redis.call('HSET', key, 'at', now()) end
return id
`;

/**
 * Adds a message to an inbox, for as long as its process is known to be there. If it is gone, few are kept, and not for
 * long. An inbox that can take nothing more counts as gone: a worker would try again for ever. Gives the error, if there is one.
 */
const SEND_REPLY = `
local function sendReply(stream, sign, id, kind, message)
  local found = redis.call('TYPE', stream).ok
  if found ~= 'stream' and found ~= 'none' then return end
  local keptMs = redis.call('PTTL', sign)
  local added = redis.pcall('XADD', stream, '*', 'id', id, kind, message)
  if type(added) == 'table' then
    -- A message with the last possible id was added from outside.
    if string.find(added.err, ' ID') then return end
    return added
  end
  if keptMs <= 0 then
    keptMs = 30000
    redis.call('XTRIM', stream, 'MAXLEN', 100)
  end
  redis.call('PEXPIRE', stream, keptMs)
end
`;

/** A larger part of a job is not brought to a worker, in bytes: many of these fit into its memory, and into a text. */
const MOST_BYTES = 64_000_000;

/**
 * Adds to a job that is started the time and the message that cancelled it. A job that has ended well leaves little
 * more than its id. One whose worker has done it, but had lost its lock, is noted as done: it is started no more. Dead
 * jobs of one millisecond keep their order.
 *
 * The last reply comes behind the arguments of BullMQ, and is sent first: what is in an inbox when a job has ended is all
 * that will come.
 *
 * Fields of a job on which scripts of BullMQ fail, again and again, are removed: those for flows and schedules, which we
 * do not use, and counters that are no small numbers. An id may be the name of another key of the queue: it is removed, and
 * never the key. A job that says no time at which it can have been accepted is accepted now: it would never be too old.
 */
const move = (lua: string, mostBytes: number) => `
${NOW}
${SEND_REPLY}
local theirs = ARGV[2]
${BY_REDIS}local base = string.sub(KEYS[1], 1, -5)
if ARGV[10] then
  local unsent = sendReply(base .. 'replies-' .. ARGV[10], base .. 'inbox-' .. ARGV[10], ARGV[1], 'body', ARGV[11])
  if unsent then return unsent end
end
local function bullmq()
${lua}
end
local ran, reply = pcall(bullmq)
if not ran then
  local text = type(reply) == 'table' and reply.err or tostring(reply)
  -- The job that was to be started is the newest of those that run. It waits again when its lock has expired.
  local id = redis.call('LINDEX', KEYS[2], 0) or ''
  local isHash = redis.call('TYPE', base .. id).ok == 'hash'
  if string.find(text, 'WRONGTYPE') and not isHash then redis.call('LREM', KEYS[2], 1, id)
  elseif string.find(text, 'not an integer') or string.find(text, 'overflow') then
    redis.call('HDEL', base .. id, 'ats', 'atm', 'stc')
  end
  return redis.error_reply(text)
end
local failed = type(reply) == 'number' and reply < 0
if not failed and ARGV[5] == 'completed' then
  local at = redis.call('HGET', KEYS[12], 'at')
  redis.call('DEL', KEYS[12])
  redis.call('HSET', KEYS[12], 'at', at or 0, 'finishedOn', ARGV[2])
end
if failed and ARGV[5] == 'completed' and redis.call('HEXISTS', KEYS[12], 'at') == 1 then redis.call('HSET', KEYS[12], 'done', '1') end
if not failed and ARGV[5] == 'failed' then redis.call('ZADD', KEYS[11], 'XX', finely(), ARGV[1]) end
-- When the next delayed job is due, by the clock of the worker.
if type(reply) == 'table' and (tonumber(reply[4]) or 0) > 0 then reply[4] = reply[4] - ARGV[2] + theirs end
if type(reply) == 'table' and type(reply[1]) == 'table' then
  local key, fields, kept, time = base .. reply[2], reply[1], {}, now()
  local function keep(name, value)
    kept[#kept + 1] = name
    kept[#kept + 1] = value
  end
  local unfit, counters = { parent = true, parentKey = true, rjk = true, deid = true }, { stc = true, atm = true }
  local most = { data = ${mostBytes}, opts = 10000, defa = 10000, stc = 6, at = 40, done = 1 }
  local at, isJob = nil, false
  for i = 1, #fields, 2 do
    local name, value = fields[i], fields[i + 1]
    if unfit[name] or (counters[name] and not (string.match(value, '^%d+$') and #value <= most.stc)) then
      redis.call('HDEL', key, name)
    end
    if most[name] and #value <= most[name] then keep(name, value) end
    if name == 'at' then at = tonumber(value) end
    if name == 'data' then isJob = true end
  end
  if isJob and not (at and at > 0 and at <= time) then
    redis.call('HSET', key, 'at', time)
    keep('at', tostring(time))
  end
  keep('now', time)
  local cancel = redis.pcall('GET', base .. 'cancel-' .. reply[2])
  keep('cancel', type(cancel) == 'string' and #cancel <= ${mostBytes} and cancel)
  reply[1] = kept
end
return reply
`;

/** The name of BullMQ's script that adds a job. */
export const ADD = 'addStandardJob';

/** The name of the one that ends a job. */
export const FINISH = 'moveToFinished';

/** Whether this script of BullMQ gives the next job. */
export function isMove(name: string): boolean {
  return name === 'moveToActive' || name === FINISH;
}

/**
 * A Redis whose memory is full refuses what may need more, but not in a script that has written already: this writes
 * nothing. New jobs are refused, and all else goes on, because room is made only by jobs that end: their workers start
 * them, keep their locks, and reply.
 */
const EVEN_IF_FULL = `
redis.call('DEL', KEYS[1] .. '-none')
`;

/** What a job that has ended tells is in the inbox of its caller: it is not removed as if it had never begun. */
const IF_NOT_ENDED = `
if redis.call('HEXISTS', KEYS[1], 'finishedOn') == 1 then return 0 end
`;

export interface Limits {
  readonly maxWaiting: number;
  readonly maxBodyBytes: number;
}

/** A script of BullMQ, with what we add. */
export function extended(name: string, lua: string, { maxWaiting, maxBodyBytes }: Limits): string {
  if (name === ADD) return add(lua, maxWaiting);
  if (name === 'removeJob') return EVEN_IF_FULL + IF_NOT_ENDED + lua;
  if (isMove(name)) return EVEN_IF_FULL + move(lua, Math.max(MOST_BYTES, maxBodyBytes));
  return EVEN_IF_FULL + (name === 'moveToDelayed' ? NOW + BY_REDIS + lua : lua);
}

/** KEYS: the stream of the inbox, its sign of life. ARGV: the id of the job, the kind, the message. */
export const REPLY = `${EVEN_IF_FULL}
${SEND_REPLY}
return sendReply(KEYS[1], KEYS[2], ARGV[1], ARGV[2], ARGV[3])
`;

/** Keeps an inbox for ARGV[1] milliseconds. KEYS: its stream, its sign of life. */
export const KEEP = `${EVEN_IF_FULL}
redis.call('SET', KEYS[2], '1', 'PX', ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[1])
`;

/**
 * Sends a message to the worker that runs a job: the one that started it last. KEYS: the job, the message that cancels
 * it. ARGV: the first part of a channel, the id, the message, and for how long it cancels (0: it does not).
 * Gives 1 for a job that has not ended.
 */
export const TELL = `${EVEN_IF_FULL}
if ARGV[4] ~= '0' then redis.call('SET', KEYS[2], ARGV[3], 'PX', ARGV[4]) end
local job = redis.call('HMGET', KEYS[1], 'pb', 'finishedOn', 'at')
if job[1] then redis.call('PUBLISH', ARGV[1] .. job[1], ARGV[2] .. '\\n' .. ARGV[3]) end
return (job[3] and not job[2]) and 1 or 0
`;

/** What the queue holds. KEYS: wait, prioritized, active, delayed, failed, workers. ARGV: the first part of a job's key. */
export const STATS = `
${NOW}
local time, oldest = now(), redis.call('LINDEX', KEYS[1], -1)
local at = oldest and tonumber(redis.pcall('HGET', ARGV[1] .. oldest, 'at'))
return {
  redis.call('LLEN', KEYS[1]) + redis.call('ZCARD', KEYS[2]),
  redis.call('LLEN', KEYS[3]),
  redis.call('ZCARD', KEYS[4]),
  redis.call('ZCARD', KEYS[5]),
  at and at > 0 and math.max(0, time - at) or -1,
  redis.call('ZCOUNT', KEYS[6], time, '+inf')
}
`;

/** Notes that a worker is there for ARGV[2] milliseconds more, and forgets those that are not. KEYS: workers. */
export const BEAT = `${EVEN_IF_FULL}
${NOW}
local time = now()
redis.call('ZADD', KEYS[1], time + ARGV[2], ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', time)
redis.call('PEXPIRE', KEYS[1], 3600000)
`;

/**
 * What has become of jobs: for each id of ARGV, 0 for a job that is to come or runs, 1 for one that is gone or has ended
 * well, and the reason for one that is dead. KEYS: a key with the base, for the cluster. ARGV: the base, the ids.
 */
export const FATES = `
local fates = {}
for i = 2, #ARGV do
  local job = redis.pcall('HMGET', ARGV[1] .. ARGV[i], 'at', 'finishedOn', 'failedReason')
  local fate = 0
  if job.err then job = { true, true } end
  if job[3] and job[2] then fate = string.sub(job[3], 1, 10000)
  elseif (job[2] or not job[1]) and redis.call('EXISTS', ARGV[1] .. 'held-' .. ARGV[i]) == 0 then fate = 1 end
  fates[i - 1] = fate
end
return fates
`;

/** Forgets the tries of a dead job, since when it waits, and that it was cancelled. KEYS: the job, what cancels it. */
export const REVIVE = `
${NOW}
redis.call('DEL', KEYS[2])
redis.call('HDEL', KEYS[1], 'stc', 'defa', 'done')
redis.call('HSET', KEYS[1], 'at', now())
`;
