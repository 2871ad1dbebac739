import type { Answer, Request } from './connection.js';
import { DEPTH, PLACEHOLDER } from './limits.js';

/** A route of the servers, and what a request to it is due. */
export interface Route {
  readonly name: string;
  /** How often it is asked, beside others. */
  readonly weight: number;
  readonly method: 'GET' | 'POST';
  /** Status and body of the answer to request `n`. */
  readonly due: (n: number) => { status: number; body: string };
  /** Whether its tasks may not run twice: then they fail when their worker is killed. */
  readonly isOnce: boolean;
  /** Whether its task spoils its worker, so that its own answer may be an error each time. */
  readonly isSabotage: boolean;
  /** What a POST sends beside its number, as JSON. */
  readonly data: string;
  /** Codes of the errors by which a request may be refused in place of its value. */
  readonly refusals: readonly string[];
}

/**
 * What an answer is worth. `broken` is an error because of a worker that was killed, or that was
 * left in an endless loop when the call had just started: due where tasks may run once only;
 * elsewhere, when workers were killed under a call three times, or when it ran out of its time.
 */
export type Verdict = 'right' | 'broken' | 'placeholder' | 'wrong' | 'wrong status';

const value = (n: number, i: number) => `value ${n}.${i}`;
const values = (n: number, count: number) => Array.from({ length: count }, (_, i) => value(n, i));

function route(name: string, body: (n: number) => unknown, options: Partial<Route> = {}): Route {
  const status = options.method === 'POST' ? 201 : 200;
  const due = (n: number) => ({ status, body: JSON.stringify(body(n)) });
  const defaults = { weight: 10, method: 'GET', isOnce: false, isSabotage: false } as const;
  return { name, ...defaults, data: 'null', refusals: [], due, ...options };
}

const refusal = (name: string, status: number): Route =>
  route(name, () => {}, { weight: 1, due: () => ({ status, body: '' }) });

const sabotage = (name: string, weight: number): Route =>
  route(name, (n) => values(n, 1), { weight, isOnce: true, isSabotage: true });

/** A body so deep may be answered or refused, as the stack allows. */
const deepBody = (name: string): Route =>
  route(name, (n) => [value(n, 0), DEPTH], {
    weight: 1,
    method: 'POST',
    data: '['.repeat(DEPTH) + ']'.repeat(DEPTH),
    refusals: ['ERR_FUTURES_TASK_ARGUMENT', 'ERR_FUTURES_TASK_RESULT'],
  });

export const ROUTES: readonly Route[] = [
  route('plain', (n) => values(n, 1)),
  route('declared', (n) => values(n, 2)),
  route('post', (n) => [value(n, 0), `posted ${n}`], { method: 'POST' }),
  route('one', (n) => values(n, 1)),
  route('many', (n) => values(n, 10)),
  route('waiting', (n) => values(n, 3)),
  route('barrier', (n) => [value(n, 0), `${value(n, 0)} and more`]),
  route('page', () => '', {
    due: (n) => ({
      status: 200,
      body: `<h1>${n}</h1><p>${value(n, 0)}</p><p>${value(n, 1)}</p>`,
    }),
  }),
  route('cloned', (n) => values(n, 2)),
  route('injected', (n) => values(n, 2)),
  route('mixed', (n) => values(n, 3), { weight: 3 }),
  route('process', (n) => values(n, 2), { weight: 3 }),
  route('once', (n) => values(n, 3), { isOnce: true }),
  route('process-once', (n) => values(n, 2), { weight: 3, isOnce: true }),
  route('fallback', (n) => [`fallback ${n}`], { weight: 1 }),
  refusal('timeout', 504),
  refusal('overflow', 503),
  refusal('filtered', 500),
  refusal('filtered-clone', 500),
  deepBody('deep'),
  deepBody('deep-process'),
  route('early', (n) => [value(n, 0), `early ${n}`], { weight: 3 }),
  sabotage('poison', 0.3),
  sabotage('muted', 0.3),
  // A worker that is stuck is replaced after 5 s: these are not asked for with the others.
  sabotage('timer-loop', 0),
  sabotage('microtask-loop', 0),
];

/** Request `n`. */
export function requestOf({ name, method, data }: Route, n: number): Request {
  if (method === 'GET') return { n, method, path: `/${name}/${n}`, body: '' };
  return { n, method, path: `/${name}`, body: `{"n":${n},"data":${data}}` };
}

export function judge({ due, refusals }: Route, n: number, answer: Answer): Verdict {
  const { status, headers, body } = answer;
  if (body.includes(PLACEHOLDER)) return 'placeholder';
  if (headers.get('x-answers') !== String(n)) return 'wrong';
  const expected = due(n);
  if (status === expected.status) {
    if (status < 400) return body === expected.body ? 'right' : 'wrong';
    return status !== 503 || headers.has('retry-after') ? 'right' : 'wrong';
  }
  const code = headers.get('x-code') ?? '';
  if (status === 504 && code === 'ERR_FUTURES_TIMEOUT') return 'broken';
  if (status !== 500) return 'wrong status';
  if (refusals.includes(code)) return 'right';
  return code === 'ERR_FUTURES_BROKEN_EXECUTOR' ? 'broken' : 'wrong status';
}
