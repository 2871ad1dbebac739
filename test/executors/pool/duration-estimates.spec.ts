import { DurationEstimates } from '../../../src/executors/pool/duration-estimates.js';
import { taskReference } from '../../../src/tasks/task.js';
import { tasks } from '../../support/tasks.js';

function callOf(key: string | undefined, task: (...args: never[]) => unknown = tasks.spin) {
  return { task: taskReference(task), key };
}

describe('estimates of durations', () => {
  it('are unknown for a task that never ran', () => {
    const estimates = new DurationEstimates();
    estimates.record(callOf('a'), 5);
    expect(estimates.of(callOf('a', tasks.echo))).toBe(Infinity);
  });

  it('use a moving average of the task for a new key, or for no key', () => {
    const estimates = new DurationEstimates();
    for (const run of [10, 20]) estimates.record(callOf('a'), run);
    expect(estimates.of(callOf('b'))).toBe(12);
    expect(estimates.of(callOf(undefined))).toBe(12);
  });

  it('distinguish the keys of a long task', () => {
    const estimates = new DurationEstimates();
    for (let i = 0; i < 3; i++) {
      estimates.record(callOf('long'), 50);
      estimates.record(callOf('short'), 0.5);
    }
    expect(estimates.of(callOf('long'))).toBe(50);
    expect(estimates.of(callOf('short'))).toBe(0.5);
  });

  it('do not distinguish the keys of a short task', () => {
    const estimates = new DurationEstimates();
    for (const key of ['a', 'b', 'a', 'b']) estimates.record(callOf(key), 0.5);
    expect(estimates.of(callOf('a'))).toBe(0.5);
    expect(estimates.of(callOf('c'))).toBe(0.5);
  });

  it('forget the keys that were unused for the longest time', () => {
    const estimates = new DurationEstimates();
    estimates.record(callOf('first'), 10);
    for (let i = 0; i < 1_000; i++) estimates.record(callOf(`key ${i}`), 10);
    estimates.record(callOf('key 0'), 20);
    estimates.record(callOf('one more'), 100);
    const average = estimates.of(callOf('new'));
    expect(estimates.of(callOf('first'))).toBe(average);
    expect(estimates.of(callOf('key 1'))).toBe(average);
    expect(estimates.of(callOf('key 0'))).toBe(12);
  });
});

it('estimates retain no keys, however long the keys are', () => {
  const estimates = new DurationEstimates();
  const task = taskReference(() => {});
  const before = process.memoryUsage().heapUsed;
  for (let i = 0; i < 1_000; i++) {
    const key = `${i} ${'x'.repeat(500_000)}`;
    // Flat, as a key that comes in a request is.
    Buffer.byteLength(key);
    estimates.record({ task, key }, 5);
    estimates.record({ task, key }, 5);
  }
  // Half a gigabyte of keys.
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(250_000_000);
  expect(estimates.of({ task, key: `7 ${'x'.repeat(500_000)}` })).toBe(5);
});
