import { bodies } from './bodies.js';
import { endless, values } from './app/values.js';
import type { Random } from './random.js';
import type { Answer, HostileServer } from './server.js';

/** Codes of the errors by which a value may be refused; an odd value ends no worker. */
const REFUSALS = new Set(['ERR_FUTURES_TASK_ARGUMENT', 'ERR_FUTURES_TASK_RESULT']);

/** What a body parser answers to JSON that it does not take. */
const REFUSED_BODY = new Set([400, 413]);

/** What is told of a value that throws when it is looked at. */
const UNREADABLE = 'unreadable';

/** One odd request. */
export interface Case {
  readonly name: string;
  readonly executor: string;
  readonly path: string;
  /** The request's body, as JSON. */
  readonly body: string;
  /** Says what is wrong with the answer; undefined: nothing. */
  readonly judge: (answer: Answer) => string | undefined;
}

/** Odd requests without end, the same for the same seed: in each round every value and body once. */
export function* cases(random: Random, executors: readonly string[]): Generator<Case, never> {
  const names = [
    ...Object.keys(values).map((name) => ({ name, make: oddValue })),
    ...Object.keys(bodies).map((name) => ({ name, make: oddBody })),
  ];
  for (;;) {
    for (const { name, make } of random.shuffled(names)) yield make(name, random, executors);
  }
}

export function oddValue(value: string, random: Random, executors: readonly string[]): Case {
  const executor = random.pick(executors);
  const manner = random.pick(['sync', 'async']);
  const place = random.pick(['returned', 'thrown', 'argument', 'handler']);
  const timeout = endless.has(value) ? 200 : 10_000;
  return {
    name: `${value}, ${place} (${manner}), on ${executor}`,
    executor,
    path: '/odd',
    body: JSON.stringify({ executor, place, manner, value, timeout }),
    judge: (answer) => {
      if (endless.has(value) && answer.code === 'ERR_FUTURES_TIMEOUT') return undefined;
      const isAnswer = value.startsWith('an HttpException') && place !== 'argument';
      return isAnswer && answer.code === undefined ? undefined : problemOf(answer);
    },
  };
}

export function oddBody(
  name: string,
  random: Random,
  executors: readonly string[],
  isEchoed = random.pick([true, false]),
): Case {
  const executor = random.pick(executors.filter((each) => each !== 'plain'));
  const data = bodies[name] as string;
  return {
    name: `a body of ${name}${isEchoed ? ', echoed' : ''}, on ${executor}`,
    executor,
    path: '/body',
    body: `{"executor": "${executor}", "isEchoed": ${isEchoed}, "data": ${data}}`,
    judge: (answer) => (REFUSED_BODY.has(answer.status) ? undefined : problemOf(answer)),
  };
}

/** Asks; afterwards an innocent request must be answered. Resolves to what was wrong. */
export async function meet(server: HostileServer, each: Case): Promise<string | undefined> {
  const answer = await server.post('the answer', each.path, each.body);
  const problem = each.judge(answer);
  await server.expectInnocent(each.executor);
  return problem;
}

function problemOf({ status, body, code, reason }: Answer): string | undefined {
  if (body.includes('<placeholder>')) return `a placeholder: ${body}`;
  if (status === 500 && (code === undefined || REFUSALS.has(code))) return undefined;
  if (status !== 200) return `${status} ${code ?? body} ${reason ?? ''}`;
  const { arrived, sent } = JSON.parse(body) as { arrived?: string; sent?: string };
  if (arrived === UNREADABLE || sent === UNREADABLE) return undefined;
  return arrived === sent ? undefined : `what was "${sent}" arrived as "${arrived}"`;
}
