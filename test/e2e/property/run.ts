import { VARIABLES, type Ask, type Operand, type Step, type TaskName } from './program.js';

/** Gives the value of a task, or throws what it throws. */
export type Answer = (key: string, task: TaskName, args: readonly [unknown, unknown]) => unknown;

/** A handler that ends early. */
class Returned {
  constructor(readonly value: unknown) {}
}

/** What outlives a pass, if `replay: 'handler'` leaves it there. */
export type Memo = Map<Step, unknown>;

/** Runs a handler; returns what it answers. */
export function runProgram(steps: readonly Step[], ask: Answer, memo: Memo): unknown {
  const run = new Run(ask, memo);
  try {
    run.steps(steps, '');
  } catch (thrown) {
    if (thrown instanceof Returned) return thrown.value;
    throw thrown;
  }
  return { variables: run.variables };
}

class Run {
  readonly variables: unknown[] = Array.from({ length: VARIABLES }, (_, i) => i);

  constructor(
    private readonly ask: Answer,
    private readonly memo: Memo,
  ) {}

  /** @param place tells one turn of a loop from another */
  steps(steps: readonly Step[], place: string): void {
    for (const step of steps) this.#step(step, place);
  }

  #step(step: Step, place: string): void {
    switch (step.do) {
      case 'ask':
        this.variables[step.to] = this.#answerOf(step, place);
        break;
      case 'change': {
        const list = this.variables[step.list];
        if (Array.isArray(list)) list.push(structuredClone(this.#valueOf(step.by)));
        break;
      }
      case 'if':
        this.steps(isTruthy(this.#valueOf(step.test)) ? step.steps : step.other, place);
        break;
      case 'repeat':
        for (let i = 0; i < step.times; i++) this.steps(step.steps, `${place} ${i}`);
        break;
      case 'memo':
        if (!this.memo.has(step)) this.memo.set(step, this.#answerOf(step.ask, place));
        this.variables[step.ask.to] = structuredClone(this.memo.get(step));
        break;
      case 'try':
        try {
          this.steps(step.steps, place);
        } catch (error) {
          if (error instanceof Returned) throw error;
          this.variables[step.to] = 'caught';
        }
        break;
      case 'return':
        throw new Returned({ returned: this.#valueOf(step.what) });
    }
  }

  /** Arguments and values are cloned on the way, whoever computes them. */
  #answerOf({ key, task, from: [a, b] }: Ask, place: string): unknown {
    const args = structuredClone([a, b].map((each) => this.#valueOf(each as Operand)));
    return this.ask(`${key}${place}`, task, [args[0], args[1]]);
  }

  #valueOf(operand: Operand): unknown {
    return 'constant' in operand ? operand.constant : this.variables[operand.variable];
  }
}

function isTruthy(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 1 : Boolean(value);
}
