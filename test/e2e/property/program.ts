/** A sequence of numbers from 0 to 1 that a seed decides (mulberry32 by its definition: one 32-bit state). */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export interface Ask {
  readonly do: 'ask';
  /** The variable that takes the value. */
  readonly to: number;
  readonly key: string;
  readonly task: TaskName;
  readonly from: readonly Operand[];
}

/** What handlers of the property test are made of. A value is a number, a text or a list of these. */
export type Step =
  | Ask
  | { readonly do: 'change'; readonly list: number; readonly by: Operand }
  | {
      readonly do: 'if';
      readonly test: Operand;
      readonly steps: readonly Step[];
      readonly other: readonly Step[];
    }
  | { readonly do: 'repeat'; readonly times: number; readonly steps: readonly Step[] }
  | { readonly do: 'memo'; readonly ask: Ask }
  | { readonly do: 'try'; readonly steps: readonly Step[]; readonly to: number }
  | { readonly do: 'return'; readonly what: Operand };

/** A variable, or a constant. */
export type Operand = { readonly variable: number } | { readonly constant: number | string };

export type TaskName = 'add' | 'list' | 'join' | 'failIfOdd';

export const VARIABLES = 4;

/** Makes a handler of a seed. */
export function programOf(seed: number): Step[] {
  return new Maker(randomOf(seed)).handler();
}

class Maker {
  #sites = 0;

  constructor(private readonly random: () => number) {}

  /** Some remember what they are given first: before any other placeholder, so that it is known for sure. */
  handler(): Step[] {
    const memo: Step[] = this.random() < 0.1 ? [{ do: 'memo', ask: this.#ask() }] : [];
    return [...memo, ...this.steps(3, 5)];
  }

  steps(depth: number, most: number): Step[] {
    return Array.from({ length: 1 + this.#upTo(most) }, () => this.#step(depth));
  }

  #step(depth: number): Step {
    const chance = this.random();
    if (depth > 0 && chance < 0.12) {
      return {
        do: 'if',
        test: this.#operand(),
        steps: this.steps(depth - 1, 2),
        other: this.steps(depth - 1, 2),
      };
    }
    if (depth > 0 && chance < 0.2) {
      return { do: 'repeat', times: 1 + this.#upTo(3), steps: this.steps(depth - 1, 2) };
    }
    if (depth > 0 && chance < 0.26) {
      return { do: 'try', steps: this.steps(depth - 1, 2), to: this.#upTo(VARIABLES) };
    }
    if (chance < 0.4) return { do: 'change', list: this.#upTo(VARIABLES), by: this.#operand() };
    if (chance < 0.44) return { do: 'return', what: this.#operand() };
    return this.#ask();
  }

  #ask(): Ask {
    const tasks: TaskName[] = ['add', 'list', 'join', 'failIfOdd'];
    // A site has a key of its own, as a handler should.
    const key = `site ${this.#sites++}`;
    const task = tasks[this.#upTo(tasks.length)] as TaskName;
    const from = [this.#operand(), this.#operand()];
    return { do: 'ask', to: this.#upTo(VARIABLES), key, task, from };
  }

  #operand(): Operand {
    if (this.random() < 0.6) return { variable: this.#upTo(VARIABLES) };
    return { constant: this.random() < 0.5 ? this.#upTo(10) : 'abc'.slice(this.#upTo(3)) };
  }

  #upTo(most: number): number {
    return Math.floor(this.random() * most);
  }
}
