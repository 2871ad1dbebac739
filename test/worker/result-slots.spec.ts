import { ResultSlots, chunkBytes } from '../../src/worker/result-slots.js';

/** Both sides of the memory of a chunk of so many calls. */
function sides(calls: number): { worker: ResultSlots; dispatcher: ResultSlots } {
  const memory = new SharedArrayBuffer(chunkBytes(calls));
  return { worker: new ResultSlots(memory), dispatcher: new ResultSlots(memory) };
}

describe('slots for results', () => {
  it.each([
    0,
    -0,
    1.5,
    -1e300,
    NaN,
    Infinity,
    2 ** 53,
    true,
    false,
    null,
    undefined,
    '',
    'plain',
    'déjà vu\0ÿ',
    'x'.repeat(256),
  ])('take %p', (value) => {
    const { worker, dispatcher } = sides(3);
    expect(worker.write(1, value, 1_700_000_000_000.25, 0.125)).toBe(true);
    expect(dispatcher.value(1)).toBe(value);
    expect(dispatcher.startedAt(1)).toBe(1_700_000_000_000.25);
    expect(dispatcher.run(1)).toBe(0.125);
    expect([0, 1, 2].map((index) => dispatcher.has(index))).toEqual([false, true, false]);
  });

  it.each([{}, [], new Map(), 10n, 'x'.repeat(257), '5 €', '\ud800', Symbol.iterator, () => 1])(
    'do not take %p',
    (value) => {
      const { worker, dispatcher } = sides(1);
      expect(worker.write(0, value, 1, 1)).toBe(false);
      expect(dispatcher.has(0)).toBe(false);
    },
  );

  it('keep the values of neighbours apart', () => {
    const { worker, dispatcher } = sides(4);
    const values = ['a'.repeat(256), 7, 'b'.repeat(256), 'c'];
    values.forEach((value, i) => worker.write(i, value, i, i));
    expect(values.map((_, i) => dispatcher.value(i))).toEqual(values);
  });

  it('tell what was posted', () => {
    const { worker, dispatcher } = sides(2);
    worker.markPosted(1);
    worker.write(0, 1, 1, 1);
    expect([dispatcher.has(1), dispatcher.isPosted(1), dispatcher.isPosted(0)]).toEqual([
      true,
      true,
      false,
    ]);
  });
});
