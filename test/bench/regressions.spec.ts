import type { Measured } from '../../bench/benchmark.js';
import { changes } from '../../bench/report/regressions.js';
import type { Report } from '../../bench/report/report.js';
import { summarize } from '../../bench/statistics.js';

describe('the comparison of two runs', () => {
  it('reports a ratio as worse if it fell by more than the noise of both runs', () => {
    const [change] = changes(run([98, 100, 102]), run([93, 94, 95]));
    expect(change).toMatchObject({ before: 1, after: 0.94, verdict: 'worse' });
    expect(change?.noise).toBeCloseTo(Math.hypot(0.02, 0.01));
  });

  it('reports a ratio as the same if it fell by less', () => {
    expect(changes(run([90, 100, 110]), run([84, 94, 104]))).toMatchObject([{ verdict: 'same' }]);
  });

  it('knows that lower is better for times', () => {
    const [before, after] = [run([100, 100, 100], 'lower'), run([120, 120, 120], 'lower')];
    expect(changes(before, after)).toMatchObject([{ verdict: 'worse' }]);
    expect(changes(after, before)).toMatchObject([{ verdict: 'better' }]);
  });

  it('compares ratios, not figures, since the machine may have been slower', () => {
    const slower = run([50, 50, 50], 'higher', [50, 50, 50]);
    expect(changes(run([100, 100, 100]), slower)).toMatchObject([{ verdict: 'same' }]);
  });

  it('leaves out ratios that only one of the runs has', () => {
    const before = run([100, 100, 100]);
    expect(changes(before, { ...before, sections: [] })).toEqual([]);
    expect(changes({ ...before, sections: [] }, before)).toEqual([]);
  });
});

describe('the summary of a contender', () => {
  it('computes ratios round by round, so that a slow moment of the machine cancels out', () => {
    const { ratio, noise, ratioOfMedians } = summarize(
      measured([200, 50, 220], 'higher', [100, 25, 110]),
    );
    expect(ratio).toEqual({ median: 2, min: 2, max: 2 });
    expect(noise).toBe(0);
    expect(ratioOfMedians).toBe(2);
  });

  it('judges the median of what the goal refers to', () => {
    const values = measured([105, 108, 140]);
    const reached = (goal: Measured['goal']) => summarize({ ...values, goal }).reached;
    expect(reached({ of: 'ratio', atLeast: 1.08 })).toBe(true);
    expect(reached({ of: 'ratio', atLeast: 1.09 })).toBe(false);
    expect(reached({ of: 'difference', atMost: 8 })).toBe(true);
    expect(reached({ of: 'difference', atMost: 7 })).toBe(false);
    expect(reached({ of: 'value', atMost: 108 })).toBe(true);
    expect(reached(undefined)).toBeUndefined();
  });

  it('uses the mean of the two middle values if their number is even', () => {
    expect(summarize(measured([1, 4, 2, 3]))).toMatchObject({ median: 2.5, min: 1, max: 4 });
  });
});

function run(
  values: readonly number[],
  better: Measured['better'] = 'higher',
  baseline?: readonly number[],
): Report {
  const row = measured(values, better, baseline);
  return {
    date: '2026-01-01T00:00:00.000Z',
    machine: { cpu: '', cores: 2, memory: '', system: '', node: '', versions: {} },
    rounds: values.length,
    seconds: 1,
    sections: [{ name: 'one', title: '', rows: [{ ...row, summary: summarize(row) }] }],
  };
}

function measured(
  values: readonly number[],
  better: Measured['better'] = 'higher',
  baseline: readonly number[] = values.map(() => 100),
): Measured {
  return {
    adapter: 'fastify',
    contender: 'ours',
    measure: 'requests/s',
    better,
    values,
    baseline: { contender: 'theirs', values: baseline },
  };
}
