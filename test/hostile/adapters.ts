import type { AdapterName } from '../support/app.js';

/** Runs a suite over each HTTP adapter, of an app in a process of its own. */
export function onEveryAdapter(name: string, suite: (adapter: AdapterName) => void): void {
  describe.each(['express', 'fastify'] as const)(`${name} (%s)`, suite);
}
