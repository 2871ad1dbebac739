import type { Route, Verdict } from './routes.js';

/**
 * A call that may run again fails when workers have died under it three times. With a worker killed
 * every 100 ms that happens, but rarely: to one request in so many of a route, and to one more. The
 * same goes for a call that has just started when something left behind blocks its worker for good.
 */
const UNLUCKY = 200;

/** What became of the requests of a run. */
export class Tally {
  readonly #requests = new Map<string, number>();
  readonly #statuses = new Map<string, Map<number, number>>();
  readonly #verdicts = new Map<string, Map<Verdict, number>>();
  readonly #left = new Map<string, number>();
  readonly #slowest = new Map<string, number>();
  /** Connections on which more came than was asked for. */
  answeredTwice = 0;
  /** Requests that were neither answered, nor left by their client. */
  lost = 0;
  /** Examples of what must not be. */
  readonly samples: string[] = [];

  constructor(readonly routes: readonly Route[]) {}

  asked({ name }: Route): void {
    increase(this.#requests, name);
  }

  answered({ name, isOnce }: Route, status: number, verdict: Verdict, sample: string): void {
    increase(nested(this.#statuses, name), status);
    increase(nested(this.#verdicts, name), verdict);
    const isDue = verdict === 'right' || (verdict === 'broken' && isOnce);
    if (!isDue) this.#keep(`${name}: ${verdict}: ${sample}`);
  }

  /** An answer took so many ms. */
  waited({ name }: Route, ms: number): void {
    this.#slowest.set(name, Math.max(this.#slowest.get(name) ?? 0, Math.round(ms)));
  }

  left({ name }: Route): void {
    increase(this.#left, name);
  }

  loseOne({ name }: Route, reason: string): void {
    this.lost++;
    this.#keep(`${name}: lost: ${reason}`);
  }

  count(verdict: Verdict): number {
    return this.routes.reduce((sum, { name }) => sum + this.#of(name, verdict), 0);
  }

  /** One row a route, one column a status. */
  get table(): Record<string, Record<string, number>> {
    const seen = new Set<number>();
    for (const each of this.#statuses.values()) for (const status of each.keys()) seen.add(status);
    const statuses = [...seen].toSorted((a, b) => a - b);
    const rows = this.routes.map(({ name }) => [
      name,
      {
        requests: this.#requests.get(name) ?? 0,
        ...Object.fromEntries(
          statuses.map((status) => [`= ${status}`, this.#statuses.get(name)?.get(status) ?? 0]),
        ),
        'left by the client': this.#left.get(name) ?? 0,
        'slowest (ms)': this.#slowest.get(name) ?? 0,
      },
    ]);
    return Object.fromEntries(rows) as Record<string, Record<string, number>>;
  }

  get totals(): Record<string, number> {
    return {
      requests: sum(this.#requests),
      'left by the client': sum(this.#left),
      'placeholders seen': this.count('placeholder'),
      'wrong values seen': this.count('wrong'),
      'wrong statuses': this.count('wrong status'),
      lost: this.lost,
      'answered twice': this.answeredTwice,
    };
  }

  /** What must not be; empty if all is well. */
  get problems(): string[] {
    const { requests: _requests, 'left by the client': _left, ...zeros } = this.totals;
    const problems = Object.entries(zeros)
      .filter(([, count]) => count > 0)
      .map(([name, count]) => `${name}: ${count}`);
    for (const { name, isOnce, isSabotage } of this.routes) {
      const [right, broken] = [this.#of(name, 'right'), this.#of(name, 'broken')];
      // A worker that is spoilt need not get its own answer out.
      if (right === 0 && !isSabotage)
        problems.push(`${name}: no request was answered as it should be`);
      if (!isOnce && broken * UNLUCKY > right + broken + UNLUCKY) {
        problems.push(`${name}: ${broken} requests failed, though their tasks may run again`);
      }
    }
    return problems;
  }

  #of(name: string, verdict: Verdict): number {
    return this.#verdicts.get(name)?.get(verdict) ?? 0;
  }

  #keep(sample: string): void {
    if (this.samples.length < 10) this.samples.push(sample);
  }
}

function increase<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function nested<Key>(maps: Map<string, Map<Key, number>>, name: string): Map<Key, number> {
  const known = maps.get(name) ?? new Map<Key, number>();
  maps.set(name, known);
  return known;
}

function sum(counts: Map<string, number>): number {
  return [...counts.values()].reduce((total, count) => total + count, 0);
}
