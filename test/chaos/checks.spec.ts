import { once } from 'node:events';
import {
  constants,
  createServer as createHttp2Server,
  type Http2Server,
  type ServerHttp2Stream,
} from 'node:http2';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { latch } from '../support/latch.js';
import { Client } from './client.js';
import { PLACEHOLDER } from './limits.js';
import { ROUTES, type Route } from './routes.js';
import { Tally } from './tally.js';

const RIGHT = {
  'placeholders seen': 0,
  'wrong values seen': 0,
  'wrong statuses': 0,
  lost: 0,
  'answered twice': 0,
};

/** Writes what is given as the answer to a request, whose number is told. */
type Answering = (socket: Socket, n: number) => void;

function answer(n: number, body: string, status = 200, headers: Record<string, string> = {}) {
  const lines = Object.entries({ 'X-Answers': `${n}`, 'Content-Length': body.length, ...headers });
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return `HTTP/1.1 ${status} OK\r\n${head}\r\n${body}`;
}

const right = (n: number) => answer(n, JSON.stringify([`value ${n}.0`]));
const broken = (n: number) => answer(n, '{}', 500, { 'X-Code': 'ERR_FUTURES_BROKEN_EXECUTOR' });

const ONE = routeOf('one');
const ONCE = { ...ONE, isOnce: true };

function routeOf(name: string): Route {
  return ROUTES.find((each) => each.name === name) as Route;
}

describe('a chaos run', () => {
  let server: Server;
  let url: string;
  let answering: Answering;

  beforeAll(async () => {
    server = createServer((socket) => {
      socket.on('error', () => {});
      socket.on('data', (data) => {
        const [, n] = /X-Asks: (\d+)/.exec(String(data)) ?? [];
        answering(socket, Number(n));
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  afterAll(() => server.close());

  /** What a run of one request comes to. */
  async function ask(route: Route, answered: Answering, patience = 10_000): Promise<Tally> {
    answering = answered;
    const tally = new Tally([route]);
    const client = new Client(url, tally, patience);
    await client.ask(route);
    client.hangUp();
    return tally;
  }

  it('accepts a correct answer that arrives byte by byte', async () => {
    const tally = await ask(ONE, (socket, n) => {
      for (const byte of right(n)) socket.write(byte);
    });
    expect(tally.totals).toEqual({ requests: 1, 'left by the client': 0, ...RIGHT });
    expect(tally.problems).toEqual([]);
  });

  it.each<[string, keyof typeof RIGHT, Route, (n: number) => string]>([
    ['a wrong value', 'wrong values seen', ONE, (n) => answer(n, '["value"]')],
    ['the value of another', 'wrong values seen', ONE, (n) => right(n - 1)],
    ['a placeholder', 'placeholders seen', ONE, (n) => answer(n, `["${PLACEHOLDER}"]`)],
    ['a placeholder in an error', 'placeholders seen', ONE, (n) => answer(n, PLACEHOLDER, 500)],
    ['an error of any kind', 'wrong statuses', ONE, (n) => answer(n, '{}', 500)],
    ['a refusal that is not due', 'wrong statuses', ONE, (n) => answer(n, '{}', 503)],
    ['a success that is not due', 'wrong statuses', routeOf('overflow'), right],
    [
      'a refusal without Retry-After',
      'wrong values seen',
      routeOf('overflow'),
      (n) => answer(n, '{}', 503),
    ],
  ])('finds %s', async (_, total, route, text) => {
    const tally = await ask(route, (socket, n) => socket.write(text(n)));
    expect(tally.totals).toMatchObject({ ...RIGHT, [total]: 1 });
    expect(tally.problems).toContain(`${total}: 1`);
  });

  it.each<[string, Answering]>([
    ['that is never answered', () => {}],
    ['that is answered in part', (socket, n) => socket.write(right(n).slice(0, -1))],
    ['whose connection is closed', (socket) => socket.destroy()],
  ])('finds a request %s', async (_, answered) => {
    const tally = await ask(ONE, answered, 100);
    expect(tally.totals).toMatchObject({ ...RIGHT, lost: 1 });
    expect(tally.problems).toContain('lost: 1');
  });

  it('finds a second answer that comes immediately', async () => {
    const tally = await ask(ONE, (socket, n) => socket.write(right(n) + right(n)));
    expect(tally.totals).toMatchObject({ ...RIGHT, 'answered twice': 1 });
    expect(tally.problems).toContain('answered twice: 1');
  });

  it('finds a second answer that comes later', async () => {
    const tally = new Tally([ONE]);
    const client = new Client(url, tally);
    const sent = latch<() => void>();
    answering = (socket, n) => {
      socket.write(right(n));
      sent.open(() => socket.write(right(n)));
    };
    await client.ask(ONE);
    (await sent.opened)();
    while (tally.answeredTwice === 0) await new Promise(setImmediate);
    client.hangUp();
    expect(tally.totals).toMatchObject({ ...RIGHT, 'answered twice': 1 });
  });

  it('accepts failures from killed workers if tasks must not run twice, else as rare exceptions', async () => {
    for (const [route, isAllowed] of [
      [ONCE, true],
      [ONE, false],
    ] as const) {
      answering = (socket, n) => socket.write(n % 10 === 0 ? broken(n) : right(n));
      const tally = new Tally([route]);
      const client = new Client(url, tally);
      for (let i = 0; i < 20; i++) await client.ask(route);
      client.hangUp();
      expect(tally.totals).toMatchObject(RIGHT);
      expect(tally.problems.length === 0).toBe(isAllowed);
    }
  });

  it('accepts a timeout of a task on a stuck worker as a rare exception', async () => {
    const late = (n: number) => answer(n, '{}', 504, { 'X-Code': 'ERR_FUTURES_TIMEOUT' });
    for (const [count, problems] of [
      [1, 0],
      [3, 1],
    ]) {
      const tally = new Tally([ONE]);
      const client = new Client(url, tally);
      let asked = 0;
      answering = (socket, n) => socket.write(asked++ < (count ?? 0) ? late(n) : right(n));
      for (let i = 0; i < 10; i++) await client.ask(ONE);
      client.hangUp();
      expect(tally.problems.length).toBe(problems);
    }
  });

  it('accepts a refusal as the answer only where a body may be too deep', async () => {
    const refused = (n: number) => answer(n, '{}', 500, { 'X-Code': 'ERR_FUTURES_TASK_ARGUMENT' });
    for (const [route, wrong] of [
      [routeOf('deep'), 0],
      [routeOf('post'), 1],
    ] as const) {
      const tally = await ask(route, (socket, n) => socket.write(refused(n)));
      expect(tally.totals).toMatchObject({ ...RIGHT, 'wrong statuses': wrong });
    }
  });

  it('does not expect an answer from a spoilt worker, but accepts no wrong one', async () => {
    const route = routeOf('muted');
    const silent = await ask(route, (socket, n) => socket.write(broken(n)));
    expect(silent.problems).toEqual([]);
    const wrong = await ask(route, (socket, n) => socket.write(answer(n, '["value"]')));
    expect(wrong.problems).toContain('wrong values seen: 1');
  });

  it('does not blame the server for requests that its own clients abandon', async () => {
    answering = () => {};
    const tally = new Tally([ONE]);
    const client = new Client(url, tally);
    await client.askAndLeave(ONE);
    client.askHalf(ONE);
    expect(tally.totals).toEqual({ requests: 2, 'left by the client': 2, ...RIGHT });
  });
});

describe('a chaos run over HTTP/2', () => {
  let server: Http2Server;
  let url: string;
  let answering: (stream: ServerHttp2Stream, n: number) => void;

  beforeAll(async () => {
    server = createHttp2Server().listen(0, '127.0.0.1');
    server.on('stream', (stream, headers) => {
      stream.on('error', () => {});
      answering(stream, Number(headers['x-asks']));
    });
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  afterAll(() => server.close());

  function start(tally: Tally, patience?: number): Client {
    return new Client(url, tally, patience, 'http2');
  }

  const respond = (stream: ServerHttp2Stream, n: number, body: string) => {
    stream.respond({ ':status': 200, 'x-answers': `${n}`, 'content-length': body.length });
    stream.end(body);
  };

  it('accepts a correct answer', async () => {
    answering = (stream, n) => respond(stream, n, JSON.stringify([`value ${n}.0`]));
    const tally = new Tally([ONE]);
    const client = start(tally);
    await client.ask(ONE);
    client.hangUp();
    expect(tally.totals).toEqual({ requests: 1, 'left by the client': 0, ...RIGHT });
  });

  it.each<[string, typeof answering]>([
    ['that is never answered', () => {}],
    ['whose stream is reset', (stream) => stream.close(2)],
  ])('finds a request %s', async (_, answered) => {
    answering = answered;
    const tally = new Tally([ONE]);
    const client = start(tally, 100);
    await client.ask(ONE);
    client.hangUp();
    expect(tally.totals).toMatchObject({ ...RIGHT, lost: 1 });
  });

  it('resets the stream of a request that it abandons', async () => {
    const seen = latch();
    const reset = latch<number>();
    answering = (stream) => {
      stream.on('close', () => reset.open(stream.rstCode));
      seen.open();
    };
    const tally = new Tally([ONE]);
    // A client that leaves before its request has arrived resets a stream that the server never sees.
    await start(tally).askAndLeave(ONE, seen.opened);
    expect(await reset.opened).toBe(constants.NGHTTP2_CANCEL);
    expect(tally.totals).toEqual({ requests: 1, 'left by the client': 1, ...RIGHT });
  });
});
