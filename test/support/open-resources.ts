import { until } from './wait.js';

/** What this process holds, by kind: `{ TCPServerWrap: 1, Worker: 2, … }`. */
export type OpenResources = Readonly<Record<string, number>>;

/** What Jest itself does, on and off, while a test runs. */
const TRANSIENT = new Set(['FSReqCallback', 'FSReqPromise', 'Immediate']);

/** What keeps the process alive (timers, sockets, child processes), and its worker threads. */
export function openResources(): OpenResources {
  const count: Record<string, number> = {};
  const { workers } = process.report.getReport() as { workers?: unknown[] };
  const kinds = [...process.getActiveResourcesInfo(), ...(workers ?? []).map(() => 'Worker')];
  for (const kind of kinds) if (!TRANSIENT.has(kind)) count[kind] = (count[kind] ?? 0) + 1;
  return count;
}

/** Fails if more is held than before; some handles take a few turns of the event loop to close. */
export async function expectNothingLeft(before: OpenResources): Promise<void> {
  await until(
    () => `the end of ${JSON.stringify(leftSince(before))}`,
    () => Object.keys(leftSince(before)).length === 0,
  );
}

function leftSince(before: OpenResources): OpenResources {
  return Object.fromEntries(
    Object.entries(openResources())
      .map(([kind, count]) => [kind, count - (before[kind] ?? 0)] as const)
      .filter(([, count]) => count > 0),
  );
}
