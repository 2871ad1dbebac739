import type { JobCall, JobData } from './job-data.js';
import { Kind, type OutcomeMessage } from './outcome-message.js';
import type { Seal } from './seal.js';
import type { TraceCarrier } from './trace-context.js';

/*
 * The one place where data from Redis is checked before it is used. Anybody with write access to
 * Redis may have written it, so each reader accepts any input and throws nothing but Malformed.
 */

/** Maximum number of calls in a job. */
export const MAX_CALLS = 1_000;
/** The longest delay that a Node timer supports, in ms. */
const MAX_DURATION = 2_147_483_647;
const MAX_TASK_ID = 1_000;
const MAX_WORKER_NAME = 500;
/** Maximum number of headers in a trace, and maximum length of each. */
const MAX_TRACE_FIELDS = 20;
const MAX_TRACE_LENGTH = 8_192;
/** Maximum length, in characters, of what a call carries. */
const MAX_CARRIED = 4_096;
const KINDS = [Kind.Resolved, Kind.Failed, Kind.Refused, Kind.Unknown];
/** Maximum length, in characters, of a job or message, apart from one value of the largest size. */
const MAX_TEXT = 16_000_000;

const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;
const JOB_ID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}-\d{1,15}$/;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** The text that was read isn't what this module writes; the message says what is wrong. */
export class Malformed extends Error {}

/** What a worker sends to the process that waits for a job. */
export interface Reply {
  readonly jobId: string;
  readonly token: string;
  /** How calls ended; `running`: none ended yet, but the worker has the job. */
  readonly body: readonly OutcomeMessage[] | 'running';
}

/** Maximum length, in characters, of the text of a job or a message. */
export function maxText(maxSize: number): number {
  return MAX_TEXT + 2 * maxSize;
}

/**
 * @param id of the job
 * @param stored data of the job
 * @throws Malformed
 */
export function readJob(id: unknown, stored: unknown, seal: Seal, maxSize: number): JobData {
  must(typeof id === 'string' && JOB_ID.test(id), 'the job has an id of another kind');
  const data = unsealed(id, stored, seal, maxSize);
  must(isRecord(data), 'the data of the job is no object');
  const { inbox, token, calls, queuedAt, queueTimeout } = data;
  must(isUuid(inbox), '"inbox" is no UUID');
  must(isUuid(token), '"token" is no UUID');
  must(isNumber(queuedAt, 0, Number.MAX_SAFE_INTEGER), '"queuedAt" is no time');
  must(
    queueTimeout === undefined || isNumber(queueTimeout, 0, MAX_DURATION),
    '"queueTimeout" is no duration',
  );
  must(Array.isArray(calls), '"calls" is no list');
  must(calls.length > 0 && calls.length <= MAX_CALLS, '"calls" is empty or too long');
  const read = calls.map((call: unknown, i) => readCall(call, `calls[${i}]`, maxSize));
  const job = { inbox, token, calls: read, queuedAt };
  return queueTimeout === undefined ? job : { ...job, queueTimeout };
}

/**
 * @param text from the inbox of a process that waits for jobs
 * @throws Malformed
 */
export function readReply(text: unknown, seal: Seal, maxSize: number): Reply {
  const reply = readMessage(text, 'reply', seal, maxSize);
  must(Array.isArray(reply) && reply.length === 3, 'the message is no list of three');
  const [jobId, token, body] = reply as unknown[];
  must(typeof jobId === 'string' && JOB_ID.test(jobId), 'it names no job');
  must(isUuid(token), 'it has no token');
  if (body === 'running') return { jobId, token, body };
  must(Array.isArray(body) && body.length <= MAX_CALLS, 'it has no list of outcomes');
  return { jobId, token, body: body.map(readOutcome) };
}

/**
 * @param text from the inbox of a worker
 * @throws Malformed
 */
export function readOrder(text: unknown, seal: Seal): Pick<Reply, 'jobId' | 'token'> {
  const order = readMessage(text, 'order', seal, 0);
  must(Array.isArray(order) && order.length === 2, 'the message is no list of two');
  const [jobId, token] = order as unknown[];
  must(typeof jobId === 'string' && JOB_ID.test(jobId), 'it names no job');
  must(isUuid(token), 'it has no token');
  return { jobId, token };
}

/** The data of a job, not yet validated. */
function unsealed(id: string, stored: unknown, seal: Seal, maxSize: number): unknown {
  const sealed = isRecord(stored) ? stored['sealed'] : undefined;
  if (!seal.isOn) {
    must(sealed === undefined, 'the job is signed. Give the worker the same "secret"');
    return stored;
  }
  must(typeof sealed === 'string', 'the job is not signed. Give the app the same "secret"');
  must(sealed.length <= maxText(maxSize), 'the job is too long');
  const text = seal.open(`job:${id}`, sealed);
  must(text !== undefined, 'the signature of the job is wrong. See that "secret" is the same');
  return parse(text);
}

function readMessage(
  text: unknown,
  purpose: 'reply' | 'order',
  seal: Seal,
  maxSize: number,
): unknown {
  must(typeof text === 'string', 'the message is no text');
  must(text.length <= maxText(maxSize), 'the message is too long');
  const opened = seal.open(purpose, text);
  must(opened !== undefined, 'its signature is wrong or missing. See that "secret" is the same');
  return parse(opened);
}

function readCall(call: unknown, where: string, maxSize: number): JobCall {
  must(Array.isArray(call) && call.length >= 4 && call.length <= 6, `${where} is no call`);
  const [taskId, timeout, isIdempotent, args, trace, carried] = call as unknown[];
  must(
    typeof taskId === 'string' && taskId.length <= MAX_TASK_ID,
    `${where} has no name of a task`,
  );
  must(isNumber(timeout, Number.MIN_VALUE, MAX_DURATION), `${where} has no timeout`);
  must(typeof isIdempotent === 'boolean', `${where} does not say whether it is idempotent`);
  must(typeof args === 'string' && BASE64.test(args), `${where} has no arguments`);
  // Base64 has four characters for three bytes, rounded up.
  must(args.length <= maxSize * 1.34 + 8, `${where} has arguments of more than "maxSize"`);
  const hasTrace = trace !== undefined && trace !== null;
  const read = hasTrace ? readTrace(trace, where) : undefined;
  if (carried !== undefined) {
    const text = readCarried(carried, where);
    return [taskId, timeout, isIdempotent, args, read ?? null, text];
  }
  return read === undefined
    ? [taskId, timeout, isIdempotent, args]
    : [taskId, timeout, isIdempotent, args, read];
}

/** The task parses it, so it must be the JSON of an object. */
function readCarried(carried: unknown, where: string): string {
  must(typeof carried === 'string', `${where} carries something that is no text`);
  must(carried.length <= MAX_CARRIED, `${where} carries too much`);
  must(isRecord(parse(carried)), `${where} carries something that is no object`);
  return carried;
}

function readTrace(trace: unknown, where: string): TraceCarrier {
  must(isRecord(trace), `${where} has a trace that is no object`);
  const fields = Object.entries(trace);
  const isSmall = fields.length <= MAX_TRACE_FIELDS;
  must(isSmall && fields.every(isTraceField), `${where} has a trace that is too large`);
  // A null prototype, so that a name such as __proto__ is only a name.
  return Object.assign(Object.create(null) as object, Object.fromEntries(fields)) as TraceCarrier;
}

function isTraceField([name, value]: [string, unknown]): boolean {
  return (
    name !== '__proto__' &&
    name.length <= MAX_TRACE_LENGTH &&
    typeof value === 'string' &&
    value.length <= MAX_TRACE_LENGTH
  );
}

function readOutcome(outcome: unknown): OutcomeMessage {
  must(Array.isArray(outcome) && outcome.length === 5, 'an outcome is no list of five');
  const [index, number, packed, worker, run] = outcome as unknown[];
  const kind = KINDS.find((each) => each === number);
  must(isIndex(index, MAX_CALLS), 'an outcome is of no call');
  must(kind !== undefined, 'an outcome is of no known kind');
  must(typeof packed === 'string' && BASE64.test(packed), 'an outcome has no value');
  must(
    typeof worker === 'string' && worker.length <= MAX_WORKER_NAME,
    'an outcome does not say where it is from',
  );
  must(isNumber(run, 0, Number.MAX_SAFE_INTEGER), 'an outcome has no duration');
  return [index, kind, packed, worker, run];
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's message quotes the text.
    throw new Malformed('it is no JSON');
  }
}

function must(condition: boolean, wrong: string): asserts condition {
  if (!condition) throw new Malformed(wrong);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isUuid(value: unknown): value is string {
  return typeof value === 'string' && UUID.test(value);
}

function isNumber(value: unknown, min: number, max: number): value is number {
  return typeof value === 'number' && value >= min && value <= max;
}

function isIndex(value: unknown, end: number): value is number {
  return Number.isInteger(value) && isNumber(value, 0, end - 1);
}
