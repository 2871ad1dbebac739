import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

interface Question {
  readonly id: number;
  readonly name: string;
  readonly argument: unknown;
}

type Answer = { readonly id: number } & ({ readonly value: unknown } | { readonly error: string });

/** What a child process answers: one function per question. */
export type Answers = Readonly<Record<string, (argument: never) => unknown>>;

type ArgumentOf<Ask> = Ask extends (argument: infer Argument) => unknown ? Argument : never;
type ResultOf<Ask> = Ask extends (argument: never) => infer Result ? Awaited<Result> : never;

/** A separate process that answers questions. */
export class Child<Known extends Answers> {
  readonly #process: ChildProcess;
  readonly #open = new Map<number, (answer: Answer) => void>();
  #nextId = 0;

  constructor(file: URL, args: readonly string[], execArgv: readonly string[] = []) {
    this.#process = fork(fileURLToPath(file), [...args], {
      execArgv: [...execArgv],
      // As in production: in other modes, the module checks large values for changes by passes.
      env: { ...process.env, NODE_ENV: 'production' },
    });
    this.#process.on('message', (answer: Answer) => {
      this.#open.get(answer.id)?.(answer);
      this.#open.delete(answer.id);
    });
    this.#process.on('exit', (code, signal) => {
      const error = `${[file.pathname, ...args].join(' ')} ended: ${signal ?? `status ${code}`}`;
      for (const [id, settle] of this.#open) settle({ id, error });
      this.#open.clear();
    });
  }

  async ask<Name extends keyof Known & string>(
    name: Name,
    argument: ArgumentOf<Known[Name]>,
  ): Promise<ResultOf<Known[Name]>> {
    const id = this.#nextId++;
    const answer = await new Promise<Answer>((resolve, reject) => {
      this.#open.set(id, resolve);
      this.#process.send({ id, name, argument } satisfies Question, (error) => {
        if (error !== null) reject(error);
      });
    });
    if ('error' in answer) throw new Error(answer.error);
    return answer.value as ResultOf<Known[Name]>;
  }

  /** Ends the process immediately. */
  async stop(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    this.#process.kill('SIGKILL');
    await once(this.#process, 'exit');
  }
}

/** Answers the questions of the process that forked this one. */
export function answer(answers: Answers): void {
  process.on('message', (question: Question) => void reply(answers, question));
  // Nobody is left to end this process.
  process.on('disconnect', () => process.exit());
}

async function reply(answers: Answers, { id, name, argument }: Question): Promise<void> {
  try {
    process.send?.({ id, value: await answers[name]?.(argument as never) });
  } catch (error) {
    process.send?.({ id, error: error instanceof Error ? error.stack : String(error) });
  }
}
