import { describe, is, option, resolve, told, type Given, type Option } from '../executors/kit.js';
import { FuturesOptionsError, type AnyFunction, type Call, type FuturesReport } from '../index.js';
import {
  isSameTask,
  taskReference,
  type Assignment,
  type Overrides,
} from '../testing-internals.js';
import { asInWorker } from './as-in-worker.js';

/** A task, and the function that runs instead of it: in the test, on the event loop. */
export type StandIn<Task extends AnyFunction> = readonly [
  task: Task,
  standIn: (
    ...args: Parameters<Task>
  ) => ReturnType<Task> | Awaited<ReturnType<Task>> | Promise<Awaited<ReturnType<Task>>>,
];

const NOTHING: Readonly<Record<string, unknown>> = Object.freeze({});

const OVERRIDES = {
  /** Values of futures, by key; their tasks do not run. */
  results: option<Readonly<Record<string, unknown>>>(is.object, NOTHING),
  /** Errors that futures fail with, by key; their tasks do not run. */
  errors: option<Readonly<Record<string, unknown>>>(is.object, NOTHING),
  tasks: option<readonly unknown[]>(is.array, []),
} satisfies Record<string, Option<unknown>>;

/**
 * What an app under test gets instead of what its tasks would give. A key goes before a task.
 *
 * @publicApi
 */
export interface FuturesOverrides<
  Tasks extends readonly AnyFunction[] = readonly AnyFunction[],
> extends Omit<Given<typeof OVERRIDES>, 'tasks'> {
  /**
   * Functions that run instead of tasks, under any key and in `WorkerPool`. To make a task fail,
   * throw.
   */
  readonly tasks?: readonly [...{ [I in keyof Tasks]: StandIn<Tasks[I]> }];
}

/** A call that the app made: a task that it ran, or would have run. */
export interface RecordedCall {
  /** Undefined for a call of `WorkerPool`. */
  readonly key: string | undefined;
  /** The task's id, such as `report.renderReport`. */
  readonly task: string;
  readonly args: readonly unknown[];
  /** Name of the executor that it was meant for. */
  readonly executor: string;
  /** Whether an override gave its outcome. */
  readonly isOverridden: boolean;
}

interface Entry {
  readonly call: RecordedCall;
  readonly task: Call['task'];
}

/**
 * Gives calls their outcome, and records what the app asked for.
 *
 * @internal
 */
export class GivenOutcomes implements Overrides {
  readonly #results: Readonly<Record<string, unknown>>;
  readonly #errors: Readonly<Record<string, unknown>>;
  readonly #tasks: readonly (readonly [task: AnyFunction, standIn: AnyFunction])[];
  readonly #calls: Entry[] = [];
  readonly #reports: (() => FuturesReport)[] = [];

  /** @throws FuturesOptionsError if an override is unknown, of the wrong type or given twice */
  constructor(overrides: FuturesOverrides) {
    const { results, errors, tasks } = resolve(OVERRIDES, overrides);
    this.#results = results;
    this.#errors = errors;
    this.#tasks = tasks.map(checkStandIn);
    checkUnique(results, errors, this.#tasks);
  }

  replace(assignment: Assignment): Assignment {
    const { call, executor } = assignment;
    const standIn = this.#standInFor(call);
    const { key, task, args } = call;
    const isOverridden = standIn !== undefined;
    this.#calls.push({ call: { key, task: task.id, args, executor, isOverridden }, task });
    if (!isOverridden) return assignment;
    // What never leaves the event loop in production is not copied here either.
    const isSent = task.run === undefined && executor !== 'inline';
    const run = isSent ? asInWorker(call, standIn) : standIn;
    return {
      executor: 'inline',
      call: { ...call, task: { ...task, url: undefined, exportName: undefined, run } },
    };
  }

  watch(report: () => unknown): void {
    this.#reports.push(report as () => FuturesReport);
  }

  get calls(): RecordedCall[] {
    return this.#calls.map(({ call }) => call);
  }

  argsOf(task: AnyFunction): (readonly unknown[])[] {
    return this.#calls.flatMap((each) => (isTask(each.task, task) ? [each.call.args] : []));
  }

  get requests(): FuturesReport[] {
    return this.#reports
      .map((report) => report())
      .filter(({ passes }) => passes.some(({ submitted }) => submitted.length > 0));
  }

  /** What no call has asked for, such as `results["chart"]`. */
  get unused(): string[] {
    const keys = new Set(this.calls.map(({ key }) => key));
    const isAsked = (key: string) => keys.has(key);
    const unasked = (name: string, given: object) =>
      Object.keys(given).flatMap((key) => (isAsked(key) ? [] : [`${name}["${key}"]`]));
    return [
      ...unasked('results', this.#results),
      ...unasked('errors', this.#errors),
      ...this.#tasks.flatMap(([task], i) =>
        this.#calls.some((each) => isTask(each.task, task))
          ? []
          : [`tasks[${i}] (${taskReference(task).id})`],
      ),
    ];
  }

  /** @throws FuturesOptionsError if there are unused overrides */
  assertAllUsed(): void {
    const { unused } = this;
    if (unused.length === 0) return;
    const keys = new Set(this.calls.flatMap(({ key }) => (key === undefined ? [] : [key])));
    const tasks = new Set(this.calls.map(({ task }) => task));
    throw new FuturesOptionsError(
      told`Nothing in the app has asked for these overrides: ${unused}. ` +
        (this.#calls.length === 0
          ? 'It has made no call at all: no request has submitted a future, and WorkerPool ran nothing.'
          : told`It has asked for these keys: ${keys.size === 0 ? 'none' : [...keys]}, and for these tasks: ${[...tasks]}.`),
    );
  }

  #standInFor({ key, task }: Call): AnyFunction | undefined {
    if (key !== undefined && Object.hasOwn(this.#results, key)) return () => this.#results[key];
    if (key !== undefined && Object.hasOwn(this.#errors, key)) {
      return () => {
        throw this.#errors[key];
      };
    }
    return this.#tasks.find(([each]) => isTask(task, each))?.[1];
  }
}

/** Whether a call's task is this handle, or this function. */
function isTask(called: Call['task'], task: AnyFunction): boolean {
  const { url, exportName, run } = taskReference(task);
  return called.url === url && called.exportName === exportName && called.run === run;
}

function checkStandIn(pair: unknown, i: number): readonly [AnyFunction, AnyFunction] {
  const [task, standIn, ...others] = Array.isArray(pair) ? (pair as unknown[]) : [];
  if (typeof task === 'function' && typeof standIn === 'function' && others.length === 0) {
    return [task as AnyFunction, standIn as AnyFunction];
  }
  throw new FuturesOptionsError(
    `The option "tasks[${i}]" must be a task and the function that runs instead, such as [tasks.render, () => '<svg/>'], ` +
      `but is ${Array.isArray(pair) ? `[${pair.map(describe).join(', ')}]` : describe(pair)}.`,
  );
}

function checkUnique(
  results: object,
  errors: object,
  tasks: readonly (readonly [AnyFunction, AnyFunction])[],
): void {
  const key = Object.keys(errors).find((each) => Object.hasOwn(results, each));
  const task = tasks.find(([each], i) =>
    tasks.slice(0, i).some(([other]) => isSameTask(each, other)),
  );
  if (key !== undefined) {
    throw new FuturesOptionsError(
      told`The key "${key}" is in "results" and in "errors". Keep it in one of them.`,
    );
  }
  if (task !== undefined) {
    throw new FuturesOptionsError(
      told`The option "tasks" names ${taskReference(task[0]).id} twice. Keep one of them.`,
    );
  }
}
