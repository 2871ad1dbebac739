import { PassDiscardedError } from '../errors/index.js';
import type { AnyFunction } from '../wire/protocol.js';
import type { Future } from './future.js';
import type { Submission } from './submission.js';

/**
 * One pass, as it went.
 *
 * @publicApi
 */
export interface PassRecord {
  /** From 1. */
  readonly pass: number;
  /** ms from the start of the first pass to the start of this one. */
  readonly start: number;
  /** ms from its start to its end; of the current pass: up to now. */
  readonly duration: number;
  /** Keys of the futures that it submitted or declared. */
  readonly submitted: readonly string[];
}

/** A pass as it is noted: most requests end without anyone asking for a record of it. */
interface Entry {
  begun: number;
  /** In the order of submission; a key that was dropped and submitted again is there twice. */
  readonly keys: string[];
}

/**
 * What each pass took and submitted.
 *
 * @internal
 */
export class PassLog {
  /** Time origin of the request, on the clock of `performance.now()`, in ms. */
  readonly origin = performance.now();
  readonly #ended: (Entry & { readonly end: number })[] = [];
  #current: Entry = { begun: this.origin, keys: [] };

  /** The passes that were discarded. */
  get ended(): readonly PassRecord[] {
    return this.#ended.map((entry, i) => this.#record(entry, i + 1, entry.end));
  }

  /** Stands for the pass that runs. */
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

/** What was asked for by a key: with a task, or just for its value. */
export type Ask = Partial<Pick<Submission, 'task' | 'args'>>;

/** What a pass came to. */
export type PassOutcome = { readonly value: unknown } | { readonly error: unknown };

/**
 * The pass a request is in, and how its outcome is judged.
 *
 * @internal
 */
export class PassState {
  readonly log = new PassLog();
  /** Errors by which passes of this request were discarded. */
  readonly #rejections = new WeakSet<object>();
  /** What the handler came to in this pass, before other interceptors changed it. */
  outcome: PassOutcome | undefined;
  /**
   * An error that is the outcome of the request, whatever is pending: were the pass discarded, the
   * next one might not meet it again, and go on with a wrong value.
   */
  failure: Error | undefined;
  /** Whether this pass is published with its placeholders. */
  isPublishedAsIs = false;
  /** Whether it was given a placeholder, a fallback, or an error that a value is pending. */
  hasHandedOut = false;
  /** Whether the handler has run in it, where a barrier around it tells. */
  handlerRan = false;
  /** Whether what it is to publish was judged already. */
  isJudged = false;
  /** What this pass goes on without, or, when it has been discarded, went on without. */
  readonly awaited = new Set<Future>();

  #number = 1;
  #phase: 'running' | 'between' | 'ended' = 'running';
  #isRehearsal = false;
  #discardHooks: (() => unknown)[] | undefined;
  #asks: Map<string, Ask> | undefined;

  /** @param keepsAsks whether what a pass asks for is kept, to be compared */
  constructor(keepsAsks: boolean) {
    if (keepsAsks) this.#asks = new Map();
  }

  /** From 1. */
  get number(): number {
    return this.#number;
  }

  /** `between`: a pass was discarded, and its tasks run; `ended`: no pass follows. */
  get phase(): 'running' | 'between' | 'ended' {
    return this.#phase;
  }

  /** Whether this pass is only compared with the one before, and submits nothing. */
  get isRehearsal(): boolean {
    return this.#isRehearsal;
  }

  /** The earlier pass of this request by whose error this pass has failed, if one has. */
  keptFrom(error: unknown): number | undefined {
    if (!this.#rejections.has(error as object)) return undefined;
    const { pass } = error as PassDiscardedError;
    return pass < this.#number ? pass : undefined;
  }

  get isRunning(): boolean {
    return this.#phase === 'running';
  }

  /** Whether the outcome of this pass, as things stand, is to be thrown away. */
  get mustDiscard(): boolean {
    return this.#isRehearsal ? this.isRunning && this.failure === undefined : this.hasPending;
  }

  /** Whether this pass goes on without a value, and is to be thrown away for that. */
  get hasPending(): boolean {
    return (
      this.awaited.size > 0 && this.isRunning && !this.isPublishedAsIs && this.failure === undefined
    );
  }

  get pendingKeys(): string[] {
    return Array.from(this.awaited, ({ key }) => key);
  }

  /** What this pass asked for, by key; nothing unless asks are kept. */
  get asks(): ReadonlyMap<string, Ask> {
    return this.#asks ?? new Map<string, Ask>();
  }

  /** Notes what is asked for, if asks are kept. */
  ask(key: string, task?: AnyFunction, args: readonly unknown[] = []): void {
    this.#asks?.set(key, task === undefined ? {} : { task, args });
  }

  /** The error that stands for the outcome of this pass where that must not be published. */
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

  /** Ends a pass that is thrown away, and runs all the hooks it left; throws what the first to fail threw. */
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

  /** Begins a pass that is discarded whatever its outcome, to compare it with the one before. */
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
