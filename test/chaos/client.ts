import { setTimeout } from 'node:timers/promises';
import { Http1Connection, LostAnswer, type Answer, type Connection } from './connection.js';
import { Http2Connection } from './http2-connection.js';
import { judge, requestOf, type Route } from './routes.js';
import type { Tally } from './tally.js';

/** ms after which a request counts as lost. */
const PATIENCE = 60_000;
/** Share of the requests that the client does not wait for, and of those that it does not send to the end. */
const LEFT = 0.08;
const HALF_SENT = 0.02;
/** ms within which it hangs up. */
const HANG_UP_WITHIN = 40;

export type Protocol = 'http1' | 'http2';

let lastNumber = 0;

/** Asks one thing after the other on one connection, and hangs up at random. */
export class Client {
  readonly #url: string;
  readonly #tally: Tally;
  readonly #patience: number;
  readonly #protocol: Protocol;
  #connection: Connection | undefined;

  constructor(url: string, tally: Tally, patience = PATIENCE, protocol: Protocol = 'http1') {
    this.#protocol = protocol;
    this.#url = url;
    this.#tally = tally;
    this.#patience = patience;
  }

  async askUntil(end: number): Promise<void> {
    while (performance.now() < end) {
      const route = pick(this.#tally.routes);
      const chance = Math.random();
      if (chance < HALF_SENT) this.askHalf(route);
      else if (chance < HALF_SENT + LEFT) await this.askAndLeave(route);
      else await this.ask(route);
    }
    this.hangUp();
  }

  /** Asks, and judges the answer. */
  async ask(route: Route): Promise<void> {
    const n = ++lastNumber;
    this.#tally.asked(route);
    const start = performance.now();
    try {
      this.#judge(route, n, await this.#open().ask(requestOf(route, n)));
      this.#tally.waited(route, performance.now() - start);
    } catch (error) {
      if (!(error instanceof LostAnswer)) throw error;
      this.#tally.loseOne(route, error.message);
      this.hangUp();
    }
  }

  /**
   * Asks, and hangs up after a while; an answer that comes before is judged.
   *
   * @param leaving resolves when it hangs up. Default: within 40 ms
   */
  async askAndLeave(
    route: Route,
    leaving: Promise<unknown> = setTimeout(Math.random() * HANG_UP_WITHIN),
  ): Promise<void> {
    const n = ++lastNumber;
    this.#tally.asked(route);
    const connection = this.#open();
    let hasLeft = false;
    let isAnswered = false;
    void leaving.then(() => {
      if (isAnswered) return;
      hasLeft = true;
      connection.hangUp();
    });
    try {
      this.#judge(route, n, await connection.ask(requestOf(route, n)));
    } catch (error) {
      if (!(error instanceof LostAnswer)) throw error;
      if (hasLeft) this.#tally.left(route);
      else this.#tally.loseOne(route, error.message);
    }
    isAnswered = true;
    this.hangUp();
  }

  /** Begins to ask, and hangs up. */
  askHalf(route: Route): void {
    this.#tally.asked(route);
    this.#open().askHalf(requestOf(route, ++lastNumber), Math.random());
    this.hangUp();
    this.#tally.left(route);
  }

  hangUp(): void {
    this.#connection?.hangUp();
    this.#connection = undefined;
  }

  #judge(route: Route, n: number, answer: Answer): void {
    const reason = decodeURI(answer.headers.get('x-reason') ?? '');
    const sample = `${answer.status} ${answer.body} ${reason}`;
    this.#tally.answered(route, answer.status, judge(route, n, answer), sample);
  }

  #open(): Connection {
    const Protocol = this.#protocol === 'http2' ? Http2Connection : Http1Connection;
    this.#connection ??= new Protocol(this.#url, this.#patience, () => {
      this.#tally.answeredTwice++;
    });
    return this.#connection;
  }
}

function pick(routes: readonly Route[]): Route {
  let rest = Math.random() * routes.reduce((sum, { weight }) => sum + weight, 0);
  return routes.find(({ weight }) => (rest -= weight) < 0) ?? (routes[0] as Route);
}
