import { Malformed, readJob, readOrder, readReply } from '../../src/bullmq/edge.js';
import { Kind, fromMessage } from '../../src/bullmq/outcome-message.js';
import { messageOf } from '../../src/bullmq/log-text.js';
import { RedisClock } from '../../src/bullmq/redis-clock.js';
import { Seal } from '../../src/bullmq/seal.js';
import { pack } from '../../src/bullmq/payload.js';
import { call } from '../support/executors.js';
import { tasks } from '../support/tasks.js';

const SEED = Number(process.env['FUZZ_SEED'] ?? 1);
const ROUNDS = Number(process.env['FUZZ_ROUNDS'] ?? 20_000);
const seal = new Seal(undefined, 'bull:futures');
const UUID = '00000000-0000-4000-8000-000000000000';
const JOB = `${UUID}-1`;

/** A small generator of numbers from 0 to 1, the same for each seed. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const next = random(SEED);
const pick = <Value>(values: readonly Value[]): Value =>
  values[Math.floor(next() * values.length)] as Value;

function odd(): unknown {
  return pick<() => unknown>([
    () => null,
    () => undefined,
    () => Number.NaN,
    () => -1,
    () => 1e308,
    () => 2 ** 53,
    () => '',
    () => 'x'.repeat(2_000),
    () => '__proto__',
    () => UUID,
    () => JOB,
    () => [],
    () => ({}),
    () => JSON.parse('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}'),
    () => [odd(), odd()],
    () => ({ length: 3, 0: odd() }),
    () => true,
    () => pack(odd()),
    () => ({ toString: 1, valueOf: 2 }),
  ])();
}

/** The same with one part replaced by something else. */
function spoilt(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || next() < 0.3) return odd();
  const copy = structuredClone(value) as Record<string, unknown>;
  const names = Object.keys(copy);
  const name = pick(names.length === 0 ? ['x'] : names);
  copy[name] = spoilt(copy[name]);
  return copy;
}

const job = {
  inbox: UUID,
  token: UUID,
  queuedAt: 1,
  queueTimeout: 5,
  calls: [['basic.add', 1_000, false, pack([1, 2]), { traceparent: 'x' }]],
};
const reply = [JOB, UUID, [[0, 0, pack(5), 'worker', 1]]];

describe(`data from Redis (FUZZ_SEED=${SEED})`, () => {
  it('is read if it is valid', () => {
    expect(readJob(JOB, job, seal, 100)).toMatchObject({ token: UUID, queueTimeout: 5 });
    expect(readReply(JSON.stringify(reply), seal, 100)).toMatchObject({ jobId: JOB, token: UUID });
    expect(readReply(JSON.stringify([JOB, UUID, 'running']), seal, 1).body).toBe('running');
    expect(readOrder(JSON.stringify([JOB, UUID]), seal)).toEqual({ jobId: JOB, token: UUID });
  });

  it('is either read or refused, without any side effect', () => {
    const counts = { read: 0, refused: 0 };
    const attempt = (read: () => unknown) => {
      try {
        read();
        counts.read++;
      } catch (error) {
        if (!(error instanceof Malformed)) throw error;
        counts.refused++;
      }
    };
    for (let i = 0; i < ROUNDS; i++) {
      attempt(() => readJob(pick([JOB, odd()]), spoilt(job), seal, 100));
      const text = JSON.stringify(spoilt(reply)) ?? '';
      const cut = text.slice(0, Math.floor(next() * 2 * text.length));
      attempt(() => {
        const { body } = readReply(pick([text, cut]), seal, 100);
        if (body === 'running') return;
        for (const message of body) fromMessage(message, call(tasks.add, [1, 2]), 10);
      });
      attempt(() => readOrder(pick([text, cut, odd()]), seal));
    }
    expect(counts.refused).toBeGreaterThan(ROUNDS);
    expect(counts.read).toBeGreaterThan(0);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('gives outcomes with changed bytes a status, and never throws', () => {
    const packed = pack({
      kind: 'error',
      message: 'x',
      name: 'E',
      properties: new Map([['a', 1]]),
    });
    for (let i = 0; i < ROUNDS / 4; i++) {
      const bytes = Buffer.from(packed, 'base64');
      for (let n = 0; n < 3; n++)
        bytes[Math.floor(next() * bytes.length)] = Math.floor(next() * 256);
      const kind = pick([Kind.Resolved, Kind.Failed, Kind.Refused, Kind.Unknown]);
      const outcome = fromMessage(
        [0, kind, bytes.toString('base64'), '\n', 1e9],
        call(tasks.add, [1, 2]),
        10,
      );
      expect(['resolved', 'failed']).toContain(outcome.status);
      expect(outcome).toMatchObject({ run: 10, wait: 0 });
    }
  });
});

describe('a seal', () => {
  const secret = 'x'.repeat(32);

  it('opens a text only for the same purpose, queue and secret', () => {
    const closed = new Seal(secret, 'bull:a').close('reply', 'text');
    expect(new Seal(Buffer.from(secret), 'bull:a').open('reply', closed)).toBe('text');
    expect(new Seal(secret, 'bull:b').open('reply', closed)).toBeUndefined();
    expect(new Seal(secret, 'bull:a').open('order', closed)).toBeUndefined();
    expect(new Seal(secret, 'bull:a').open('job:1', closed)).toBeUndefined();
    expect(new Seal('y'.repeat(32), 'bull:a').open('reply', closed)).toBeUndefined();
  });

  it.each(['', 'x', 'é'.repeat(43), `${'A'.repeat(43)}text`])('does not open %j', (text) => {
    expect(new Seal(secret, 'bull:a').open('reply', text)).toBeUndefined();
  });
});

describe("Redis's clock", () => {
  const HOUR = 3_600_000;
  const at = (ms: number) => performance.now() + ms;

  it('measures how long something has waited, even across a forward step of Redis', () => {
    const clock = new RedisClock();
    const epoch = 1_700_000_000_000;
    clock.sample(epoch, at(0), at(0));
    const before = clock.now() - 2_000;
    clock.sample(epoch + HOUR, at(0), at(0));
    expect(clock.since(before)).toBeGreaterThanOrEqual(2_000);
    expect(clock.since(before)).toBeLessThan(HOUR / 2);
    // One that has not seen the step yet goes by the old clock.
    expect(clock.since(before + 2_500)).toBeLessThan(HOUR / 2);
    expect(clock.since(clock.now())).toBeLessThan(1_000);
  });

  it('measures no negative duration, and ignores an invalid sample', () => {
    const clock = new RedisClock();
    clock.sample(1_700_000_000_000, at(0), at(0));
    clock.sample(Number.NaN, at(0), at(0));
    // A step back.
    const before = clock.now();
    clock.sample(1_700_000_000_000 - HOUR, at(0), at(0));
    expect(clock.since(before)).toBe(0);
  });
});

describe('the message of a thrown value', () => {
  it('cannot forge a log line, and is truncated', () => {
    expect(messageOf(new Error('a\nb\u001b[31mc'))).toBe('a\\nb\\u001b[31mc');
    expect(messageOf(new Error('x'.repeat(10_000))).length).toBeLessThan(400);
  });

  it('is a text, whatever was thrown', () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    const thrown = [proxy, null, undefined, Symbol('x'), { toString: 1 }, { message: 1 }, ''];
    for (const each of thrown) expect(typeof messageOf(each)).toBe('string');
    expect(messageOf({ code: 'ECONNREFUSED', message: '' })).toBe('ECONNREFUSED');
  });
});
