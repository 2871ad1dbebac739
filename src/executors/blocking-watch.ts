import { Logger } from '@nestjs/common';
import { told } from '../errors/outside-text.js';
import type { Call } from './executor.js';

const logger = new Logger('Futures');

/** From how many ms on a plain function is said to block the event loop. */
const BLOCKS = 50;
/** How many functions are remembered. */
const REMEMBERED = 1000;

/**
 * Warns, outside of production, of plain functions that block the event loop: most likely the
 * function of a task file was passed where its handle was meant. Each function is named once.
 *
 * @internal
 */
export class BlockingWatch {
  // By source text: each pass makes a closure of its own from the same text.
  readonly #warned = new Set<string>();

  watch<Result>(call: Call, run: () => Result): Result {
    if (process.env.NODE_ENV === 'production') return run();
    const start = performance.now();
    try {
      return run();
    } finally {
      const blocked = performance.now() - start;
      if (blocked > BLOCKS) this.#warn(call, blocked);
    }
  }

  #warn({ task, key }: Call, blocked: number): void {
    const source = String(task.run);
    if (this.#warned.has(source) || this.#warned.size >= REMEMBERED) return;
    this.#warned.add(source);
    const asked = key === undefined ? '' : told` (the future "${key}")`;
    logger.warn(
      told`The function ${task.id}` +
        `${asked} blocked the event loop for ${Math.round(blocked)} ms: a plain function runs there, which is right for I/O only. ` +
        `Export it from a task file, and pass its handle (taskFile()) instead of the function itself.`,
    );
  }
}
