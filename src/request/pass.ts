import { PassDiscardedError } from '../errors/index.js';
import type { AnyFunction } from '../wire/protocol.js';
import type { Future } from './future.js';
import type { Submission } from './submission.js';

/**
 * How one pass went.
 *
 * @publicApi
 */
export interface PassRecord {
  /** Number of the pass, from 1. */
  readonly pass: number;
  /** ms from the start of the first pass to the start of this one. */
  readonly start: number;
  /** ms from its start to its end; for the current pass, up to now. */
  readonly duration: number;
  /** Keys of the futures that it submitted or declared. */
  readonly submitted: readonly string[];
}

/** A pass as it is stored. Its record is made on demand, since most requests never need one. */
interface Entry {
  begun: number;
  /** In the order of submission; a key that was dropped and submitted again is listed twice. */
  readonly keys: string[];
}

/**
 * How long each pass took, and what it submitted.
 *
 * @internal
 */
class PassLog {
  /** When the first pass started, in ms on the clock of `performance.now()`. */
  readonly origin = performance.now();
  readonly #ended: (Entry & { readonly end: number })[] = [];
  #current: Entry = { begun: this.origin, keys: [] };

  /** The passes that were discarded. */
  get ended(): readonly PassRecord[] {
    return this.#ended.map((entry, i) => this.#record(entry, i + 1, entry.end));
  }

  /** Identifies the current pass. */
  get token(): object {
    return this.#current;
  }

  get current(): PassRecord {
    return this.#record(this.#current, this.#ended.length + 1, performance.now());
  }

  submitted(key: string): void {
    this.#current.keys.push(key);
  }

  end(): void {
    const { begun, keys } = this.#current;
    const end = performance.now();
    this.#ended.push({ begun, keys, end });
    this.#current = { begun: end, keys: [] };
  }

  begin(): void {
    this.#current.begun = performance.now();
  }

  #record({ begun, keys }: Entry, pass: number, end: number): PassRecord {
    const start = begun - this.origin;
    return { pass, start, duration: end - begun, submitted: [...new Set(keys)] };
  }
}

/** How a key was asked for: with a task and arguments, or only for its value. */
export type Ask = Partial<Pick<Submission, 'task' | 'args'>>;

/** What a pass ended with. */
export type PassOutcome = { readonly value: unknown } | { readonly error: unknown };

/**
 * The current pass of a request, and whether its outcome must be discarded.
 *
 * @internal
 */
export class PassState {
  readonly log = new PassLog();
  /** The errors that discarded passes of this request. */
  readonly #rejections = new WeakSet<object>();
  /** The handler's own value or error in this pass, before other interceptors changed it. */
  outcome: PassOutcome | undefined;
  /**
   * An error that fails the request even if futures are pending. If the pass were discarded
   * instead, the next one might not run into the error again, and would go on with a wrong value.
   */
  failure: Error | undefined;
  /** Whether this pass is published with its placeholders. */
  isPublishedAsIs = false;
  /** Whether this pass got a placeholder, a fallback or a missing-value error. */
  hasHandedOut = false;
  /** Whether the handler ran in this pass. Known only if a barrier stands around it. */
  handlerRan = false;
  /** Whether the outcome to be published was already judged. */
  isJudged = false;
  /** The futures that this pass goes on without, or went on without if it was discarded. */
  readonly awaited = new Set<Future>();

  #number = 1;
  #phase: 'running' | 'between' | 'ended' = 'running';
  #isRehearsal = false;
  #discardHooks: (() => unknown)[] | undefined;
  #asks: Map<string, Ask> | undefined;

  /** @param keepsAsks whether to keep what each pass asks for, so that passes can be compared */
  constructor(keepsAsks: boolean) {
    if (keepsAsks) this.#asks = new Map();
  }

  /** Number of the current pass, from 1. */
  get number(): number {
    return this.#number;
  }

  /** `between`: a pass was discarded, and its tasks run; `ended`: no pass follows. */
  get phase(): 'running' | 'between' | 'ended' {
    return this.#phase;
  }

  /** Whether this pass only repeats the last one, to compare both; what it submits does not run. */
  get isRehearsal(): boolean {
    return this.#isRehearsal;
  }

  /** The earlier pass whose PassDiscardedError this pass failed with, if it did. */
  keptFrom(error: unknown): number | undefined {
    if (!this.#rejections.has(error as object)) return undefined;
    const { pass } = error as PassDiscardedError;
    return pass < this.#number ? pass : undefined;
  }

  get isRunning(): boolean {
    return this.#phase === 'running';
  }

  /** Whether this pass would be discarded if it ended now. */
  get mustDiscard(): boolean {
    return this.#isRehearsal ? this.isRunning && this.failure === undefined : this.hasPending;
  }

  /** Whether this pass must be discarded because it goes on without a value. */
  get hasPending(): boolean {
    return (
      this.awaited.size > 0 && this.isRunning && !this.isPublishedAsIs && this.failure === undefined
    );
  }

  get pendingKeys(): string[] {
    return Array.from(this.awaited, ({ key }) => key);
  }

  /** What this pass asked for, by key; empty unless asks are kept. */
  get asks(): ReadonlyMap<string, Ask> {
    return this.#asks ?? new Map<string, Ask>();
  }

  /** Notes what is asked for, if asks are kept. */
  ask(key: string, task?: AnyFunction, args: readonly unknown[] = []): void {
    this.#asks?.set(key, task === undefined ? {} : { task, args });
  }

  /** The error that replaces this pass's outcome; undefined if that may be published. */
  rejection(cause?: unknown): Error | undefined {
    return this.failure ?? (this.mustDiscard ? this.#discarded(cause) : undefined);
  }

  /** @throws PassDiscardedError if the pass goes on without a value */
  barrier(): void {
    if (this.failure !== undefined) throw this.failure;
    if (this.hasPending) throw this.#discarded();
  }

  onDiscard(hook: () => unknown): void {
    (this.#discardHooks ??= []).push(hook);
  }

  /** Ends a discarded pass and runs all its hooks. Rejects with the first hook's error, if any. */
  discard(): Promise<void> | undefined {
    this.#phase = 'between';
    this.log.end();
    const hooks = this.#discardHooks;
    this.#discardHooks = undefined;
    return hooks && runHooks(hooks);
  }

  /** Begins the next pass. */
  next(): void {
    this.#number++;
    this.#phase = 'running';
    this.outcome = undefined;
    this.hasHandedOut = false;
    this.handlerRan = false;
    this.isJudged = false;
    this.awaited.clear();
    this.log.begin();
    if (this.#asks !== undefined) this.#asks = new Map();
  }

  /** Begins a pass that repeats the last one for comparison. Its outcome is always discarded. */
  rehearse(): void {
    this.#isRehearsal = true;
    this.next();
  }

  /** No pass follows. */
  end(): void {
    this.#phase = 'ended';
  }

  #discarded(cause?: unknown): PassDiscardedError {
    const error = new PassDiscardedError(this.#number, cause);
    this.#rejections.add(error);
    return error;
  }
}

async function runHooks(hooks: readonly (() => unknown)[]): Promise<void> {
  const failures: unknown[] = [];
  for (const hook of hooks) {
    try {
      await hook();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}
