import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createProject } from '../support/project.js';

const FACTS = new URL('./facts/', import.meta.url);

type Facts = Readonly<Record<string, unknown>> & { readonly version: string };

/** Runs the facts with the Nest of this repository, or with that of a project of its own. */
async function collectFacts(nest: 11 | 12): Promise<Facts> {
  const { stdout } = await (nest === 12
    ? promisify(execFile)(process.execPath, [fileURLToPath(new URL('main.mjs', FACTS))], {
        timeout: 30_000,
      })
    : (await createProject(FACTS, nest)).run('main.mjs'));
  return JSON.parse(stdout) as Facts;
}

describe.each([11, 12] as const)('Nest %i', (nest) => {
  let facts: Facts;

  beforeAll(async () => {
    facts = await collectFacts(nest);
  }, 180_000);

  it('is the requested version', () => {
    expect(facts.version).toMatch(new RegExp(`^${nest}\\.`));
  });

  it('runs inner interceptors, parameter decorators, pipes and the handler, but no guard, on each call of next.handle()', () => {
    const pass = ['inner', 'parameter', 'pipe', 'handler'];
    expect(facts['callsOfTwoPasses']).toEqual(['guard', 'outer', ...pass, ...pass]);
  });

  it('keeps the AsyncLocalStorage store around next.handle(), one for each pass', () => {
    const callers = ['inner', 'parameter', 'handler', 'later'];
    expect(facts['storesOfTwoPasses']).toEqual(
      ['1', '2'].flatMap((store) => callers.map((caller) => `${caller} ${store}`)),
    );
  });

  it('awaits all parameters in parallel, and answers with the error of one', () => {
    expect(facts['promisedParameters']).toEqual({
      text: 'A B',
      calls: ['a starts', 'b starts', 'a ends', 'b ends'],
      statusOfRejection: 418,
    });
  });

  it('keeps interceptors and paths under the known metadata keys, on handlers and on classes', () => {
    expect(facts['metadata']).toEqual({
      interceptorsOfHandler: true,
      interceptorsOfClass: true,
      pathOfHandler: '/',
      pathOfClass: '/',
    });
  });

  it('honours interceptor classes and instances that configure() adds to the metadata', () => {
    expect(facts['callsOfInstalled']).toEqual([
      'first of class',
      'class',
      'own',
      'added class',
      'added instance',
      'handler',
    ]);
  });

  it('resolves a class in the metadata to its wrapper among the injectables of the module', () => {
    expect(facts['isGivenInstanceUsed']).toBe(true);
  });

  it('calls configure() when all global interceptors are known and no route is registered yet', () => {
    expect(facts['startUp']).toEqual({
      order: ['useGlobalInterceptors', 'configure', 'route'],
      found: [2, 1],
      calls: ['replacement of the first', 'provided', 'used', 'request-scoped', 'handler'],
    });
  });

  it('reveals what a controller depends on: by constructor, by property and by enhancer', () => {
    expect(facts['dependencies']).toEqual([
      'Desk',
      'Middle',
      'Deep',
      'OfProperty',
      'Guard',
      'OfGuard',
    ]);
  });

  it('answers an error in the shape of http-errors with its status, and hides its message on request', () => {
    expect(facts['hiddenError']).toEqual({
      status: 504,
      body: { statusCode: 504, message: 'Gateway Timeout' },
    });
    expect(facts['exposedError']).toEqual({
      status: 504,
      body: { statusCode: 504, message: 'for the log' },
    });
  });

  it('finishes its requests in flight between the two shutdown hooks', () => {
    expect(facts['shutDown']).toEqual({
      order: ['beforeApplicationShutdown', 'handler ends', 'onApplicationShutdown'],
      answer: 'page',
    });
  });
});
