import type { FuturesService } from 'nestjs-futures';
import type { RequestClock } from './request-clock.js';
import { EVENT_LOOP, type Trace, type TraceRow } from './trace.js';

type Report = ReturnType<FuturesService['report']>;
type Pass = Report['passes'][number];
type FutureReport = Report['futures'][number];

/** Arranges the passes and tasks of a request on a timeline. */
export function traceOfFutures({ passes, futures }: Report, clock: RequestClock): Trace {
  const rows = passes.flatMap((pass) => [
    passRow(pass, pass === passes.at(-1)),
    ...futures
      .filter(({ key }) => pass.submitted.includes(key))
      .toSorted(byStart)
      .map(taskRow),
  ]);
  return { total: clock.elapsed, loopBusy: clock.loopBusy, passes: passes.length, rows };
}

function passRow({ pass, start, duration, submitted }: Pass, isLast: boolean): TraceRow {
  const count = submitted.length === 1 ? '1 future' : `${submitted.length} futures`;
  return {
    what: `pass ${pass}`,
    detail: isLast ? 'this page' : `asked for ${count}, discarded`,
    where: EVENT_LOOP,
    failed: false,
    spans: [{ kind: 'pass', from: start, length: duration }],
  };
}

function taskRow({ key, task, worker, start, wait, run, status }: FutureReport): TraceRow {
  return {
    what: task,
    detail: key,
    where: worker,
    failed: status === 'failed',
    spans: [
      { kind: 'wait', from: start, length: wait },
      { kind: 'run', from: start + wait, length: run },
    ],
  };
}

function byStart(a: FutureReport, b: FutureReport): number {
  return a.wait - b.wait || a.run - b.run;
}
