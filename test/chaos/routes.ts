import type { Answer } from './connection.js';
import { PLACEHOLDER } from './limits.js';

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
}

/**
 * What an answer is worth. `broken` is an error because of a killed worker: due where tasks may run
 * once only; elsewhere, when workers were killed under a call three times.
 */
export type Verdict = 'right' | 'broken' | 'placeholder' | 'wrong' | 'wrong status';

const value = (n: number, i: number) => `value ${n}.${i}`;
const values = (n: number, count: number) => Array.from({ length: count }, (_, i) => value(n, i));

function route(name: string, body: (n: number) => unknown, options: Partial<Route> = {}): Route {
  const status = options.method === 'POST' ? 201 : 200;
  const due = (n: number) => ({ status, body: JSON.stringify(body(n)) });
  return { name, weight: 10, method: 'GET', isOnce: false, due, ...options };
}

const refusal = (name: string, status: number): Route =>
  route(name, () => {}, { weight: 1, due: () => ({ status, body: '' }) });

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
];

/** The bytes of request `n`. */
export function requestOf({ name, method }: Route, n: number): string {
  const body = method === 'POST' ? JSON.stringify({ n }) : '';
  const path = method === 'POST' ? `/${name}` : `/${name}/${n}`;
  return (
    `${method} ${path} HTTP/1.1\r\nHost: localhost\r\nX-Asks: ${n}\r\n` +
    `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`
  );
}

export function judge({ due }: Route, n: number, answer: Answer): Verdict {
  const { status, headers, body } = answer;
  if (body.includes(PLACEHOLDER)) return 'placeholder';
  if (headers.get('x-answers') !== String(n)) return 'wrong';
  const expected = due(n);
  if (status === expected.status) {
    if (status < 400) return body === expected.body ? 'right' : 'wrong';
    return status !== 503 || headers.has('retry-after') ? 'right' : 'wrong';
  }
  const isBroken = status === 500 && headers.get('x-code') === 'ERR_FUTURES_BROKEN_EXECUTOR';
  return isBroken ? 'broken' : 'wrong status';
}
