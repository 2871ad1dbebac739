import {
  ExecutorSaturatedError,
  FutureAlreadyResolvedError,
  FutureCancelledError,
  FutureConflictError,
  FutureNotResolvedError,
  FutureNotSubmittedError,
  FutureTimeoutError,
  ReplayLimitError,
  ReplayUnsafeError,
  ResponseCommittedError,
  TaskArgumentError,
  TaskResultError,
  TooManyFuturesError,
} from '../../src/index.js';
import { refusals } from '../../src/request/submission.js';
import { onEachAdapter } from '../support/app.js';
import { desk } from '../support/desk.js';

/** Starts a new line of a log, colours it, reverses it, breaks it in other ways, and does not end. */
const HOSTILE = [
  'key\n[Nest] 1  - LOG forged\r\t',
  '\u001b[2J\u001b[31mred\u009b0m\u0007\u0000\u007f',
  '\u202Egnp.exe\u2066\u200f\u061c',
  '\u2028\u2029\u0085\ud800',
  'x'.repeat(1_000_000),
].join('');

/** What no text of ours may hold; a line break only where we break lines ourselves. */
const UNSAFE = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\p{Bidi_Control}]/u;

const many = Array.from({ length: 1000 }, (_, i) => `${HOSTILE} ${i}`);

const messages: [string, () => Error][] = [
  ['FutureNotSubmittedError', () => new FutureNotSubmittedError(HOSTILE)],
  ['FutureNotResolvedError', () => new FutureNotResolvedError(HOSTILE, HOSTILE)],
  ['FutureAlreadyResolvedError', () => new FutureAlreadyResolvedError(HOSTILE, HOSTILE)],
  ['FutureConflictError', () => new FutureConflictError(HOSTILE, HOSTILE, 'other')],
  ['FutureConflictError of one task', () => new FutureConflictError(HOSTILE, HOSTILE, HOSTILE)],
  ['TooManyFuturesError', () => new TooManyFuturesError(1, HOSTILE)],
  ['FutureTimeoutError', () => new FutureTimeoutError('run', 1, { task: HOSTILE })],
  ['FutureTimeoutError in the queue', () => new FutureTimeoutError('queue', 1, { task: HOSTILE })],
  ['FutureCancelledError', () => new FutureCancelledError({ task: HOSTILE })],
  ['TaskArgumentError', () => new TaskArgumentError(HOSTILE, HOSTILE, { task: HOSTILE })],
  ['TaskResultError', () => new TaskResultError(HOSTILE, HOSTILE, { task: HOSTILE })],
  ['ReplayUnsafeError', () => new ReplayUnsafeError(HOSTILE, 'a difference')],
  ['ResponseCommittedError', () => new ResponseCommittedError(many)],
  ['ResponseCommittedError by a timeout', () => new ResponseCommittedError(many, 'tasks')],
  ['the refusal of a route', () => refusals.notReplayed(HOSTILE)],
  ['the refusal between passes', () => refusals.betweenPasses(HOSTILE)],
  ['the refusal after the response', () => refusals.ended(HOSTILE)],
  ['ExecutorSaturatedError', () => new ExecutorSaturatedError('full', 1, { key: HOSTILE })],
];

describe('a key that a client has made up', () => {
  it.each(messages)('is escaped and truncated in the message of %s', (_name, make) => {
    const { message } = make();
    expect(message).not.toMatch(UNSAFE);
    expect(message.length).toBeLessThan(6_000);
  });

  it('is unchanged in the property', () => {
    expect(new FutureNotSubmittedError(HOSTILE).key).toBe(HOSTILE);
    expect(refusals.ended(HOSTILE)).toMatchObject({ key: HOSTILE });
    expect(new TaskArgumentError(HOSTILE, '', {}).path).toBe(HOSTILE);
  });

  it('is shown completely if it is short, and is readable if it is not English', () => {
    expect(new FutureNotSubmittedError('Größe 漢字 👩‍👩‍👧 a\\b').message).toContain(
      '"Größe 漢字 👩‍👩‍👧 a\\b"',
    );
    expect(new FutureNotSubmittedError('a\nb\u001bc\u202ed').message).toContain(
      String.raw`"a\nb\u001bc\u202ed"`,
    );
    expect(new FutureNotSubmittedError('x'.repeat(201)).message).toContain(`"${'x'.repeat(200)}…"`);
    expect(new FutureNotSubmittedError('\n'.repeat(200)).message).toContain(
      `"${String.raw`\n`.repeat(100)}…"`,
    );
  });

  it('may be left out of the message of ReplayLimitError, but not of its lists', () => {
    const error = new ReplayLimitError(
      5,
      Array.from({ length: 5 }, () => many),
      many,
    );
    expect(error.message.length).toBeLessThan(30_000);
    expect(error.message.split('\n')).toHaveLength(7);
    expect(error.message.replaceAll('\n', '')).not.toMatch(UNSAFE);
    expect(error.message).toContain('and 980 more');
    expect(error.submitted[0]).toHaveLength(1000);
    expect(error.drifting[999]).toBe(many[999]);
  });
});

/** The grammar of W3C Server Timing, with the token and quoted-string of RFC 9110. */
const TOKEN = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+";
const PARAMETER = `${TOKEN}=(?:${TOKEN}|"(?:[\\t \\x21\\x23-\\x5b\\x5d-\\x7e]|\\\\[\\t \\x21-\\x7e])*")`;
const METRIC = `${TOKEN}(?:;${PARAMETER})*`;
const SERVER_TIMING = new RegExp(`^${METRIC}(?:, ${METRIC})*$`);

onEachAdapter('Server-Timing', (start) => {
  it('is at most 4 KB long, tells how many futures it leaves out, and follows its grammar', async () => {
    const app = await start({
      controllers: [
        desk((futures) => {
          for (let i = 0; i < 300; i++) futures.resultOrSubmit(`${i} ${HOSTILE}`, 0, () => i);
          return 'done';
        }),
      ],
      futures: { serverTiming: true },
    });
    const { status, headers } = await app.get('/');
    const timing = headers.get('server-timing') ?? '';
    expect(status).toBe(200);
    expect(timing).toMatch(SERVER_TIMING);
    expect(Buffer.byteLength(timing)).toBeLessThanOrEqual(4096);
    const told = timing.match(/future;/g)?.length ?? 0;
    expect(told).toBeGreaterThan(20);
    expect(timing).toContain(`more;desc="${300 - told} left out"`);
  });

  it('names the task of a future with a long key', async () => {
    const app = await start({
      controllers: [
        desk((futures) =>
          futures.resultOrSubmit('k'.repeat(12_000), 0, function compute() {
            return 1;
          }),
        ),
      ],
      futures: { serverTiming: true },
    });
    const timing = (await app.get('/')).headers.get('server-timing') ?? '';
    expect(timing).toMatch(/desc="k+\.\.\.: compute \(event loop\)"$/);
    expect(timing.length).toBeLessThan(200);
  });
});

onEachAdapter('what is logged about a request', (start) => {
  it('is escaped: the route and the keys that strict names', async () => {
    let pass = 0;
    const app = await start({
      controllers: [
        desk((futures) =>
          futures.resultOrSubmit(`${++pass < 2 ? 'a' : pass}\n\u001b[31m`, 0, () => 1),
        ),
      ],
      futures: { strict: true, maxPasses: 2 },
    });
    expect((await app.get('/')).status).toBe(500);
    expect(app.log.errors.join()).toContain(String.raw`a\n\u001b[31m`);
    expect(app.log.errors.join()).not.toContain('\u001b');
  });
});
