import {
  ForbiddenException,
  HttpException,
  NotFoundException,
  ServiceUnavailableException,
} from '@nestjs/common';
import { taskFile } from '../../src/index.js';
import { call, run, startThreads } from '../support/executors.js';

const errors = taskFile<typeof import('../fixtures/errors.tasks.js')>(
  new URL('../fixtures/errors.tasks.js', import.meta.url),
);
// Loads Nest, which the other tasks do without.
const httpErrors = taskFile<typeof import('../fixtures/http-errors.tasks.js')>(
  new URL('../fixtures/http-errors.tasks.js', import.meta.url),
);

/** What the caller gets of what the task throws in a worker. */
async function thrownBy<Args extends unknown[]>(
  task: (...args: Args) => unknown,
  ...args: NoInfer<Args>
): Promise<unknown> {
  const [error] = await run(startThreads({ max: 1 }), call(task, args));
  return error;
}

describe('the error of a task', () => {
  it.each([Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError])(
    'keeps its class: %p',
    async (type) => {
      const error = await thrownBy(errors.throwBuiltIn, type.name, 'what happened');
      expect(Object.getPrototypeOf(error)).toBe(type.prototype);
      expect(error).toMatchObject({ name: type.name, message: 'what happened' });
      expect((error as Error).cause).toBeInstanceOf(URIError);
      expect((error as Error).cause).toMatchObject({ name: 'URIError', message: 'below' });
    },
  );

  it('keeps the stack of the worker', async () => {
    const { stack } = (await thrownBy(errors.throwBuiltIn, 'TypeError', 'x')) as Error;
    expect(stack).toMatch(/^TypeError: x\n/);
    expect(stack).toContain('throwBuiltIn');
    expect(stack).toContain('errors.tasks.js');
  });

  it('keeps the name, code and own properties of a custom class, and its built-in base', async () => {
    const error = await thrownBy(errors.throwOwn);
    expect(error).toBeInstanceOf(RangeError);
    expect(error).toMatchObject({
      name: 'OutOfPaperError',
      message: 'no paper',
      code: 'E_EMPTY',
      tray: { number: 2, sizes: structuredClone(new Set(['A4'])) },
    });
    expect((error as Error).stack).toContain('throwOwn');
  });

  it('keeps what Node says about a system error', async () => {
    const error = await thrownBy(errors.throwSystemError);
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ code: 'ENOENT', syscall: 'open', path: '/no/such/file' });
  });

  it('keeps name and code of a DOMException', async () => {
    const error = await thrownBy(errors.throwDomException);
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ name: 'AbortError', message: 'given up', code: 20 });
  });

  it('keeps the errors of an AggregateError, whatever they are', async () => {
    const error = await thrownBy(errors.throwAggregate);
    expect(error).toBeInstanceOf(AggregateError);
    const [one, ...others] = (error as AggregateError).errors as unknown[];
    expect(one).toBeInstanceOf(TypeError);
    expect(one).toMatchObject({ message: 'one' });
    expect(others).toEqual(['two', { three: 3 }]);
    expect(Object.keys(error as object)).toEqual([]);
  });

  it('keeps circular causes', async () => {
    const head = (await thrownBy(errors.throwCyclic)) as Error;
    const tail = head.cause as Error;
    expect([head.message, tail.message]).toEqual(['head', 'tail']);
    expect(tail.cause).toBe(head);
  });

  it('keeps many errors that all refer to each other', async () => {
    const whole = (await thrownBy(errors.throwTangled, 300)) as AggregateError;
    expect(whole.errors).toHaveLength(300);
    expect((whole.errors as Error[]).every(({ cause }) => cause === whole)).toBe(true);
  });

  it('keeps as much as possible of properties that cannot be cloned', async () => {
    const error = (await thrownBy(errors.throwWithUncloneable)) as Error & Record<string, unknown>;
    expect(error).toMatchObject({
      message: 'no answer',
      status: 7,
      request: { url: '/paper' },
      socket: expect.any(String),
      callback: expect.stringContaining('onAnswer'),
      kind: 'Symbol(paper)',
    });
    expect(error['inner']).toBeInstanceOf(TypeError);
    expect(error['inner']).toMatchObject({ message: 'inside' });
  });

  it('is kept even if one of its properties cannot be read', async () => {
    expect(await thrownBy(errors.throwUnreadable)).toMatchObject({
      message: 'closed',
      state: expect.stringContaining('not open'),
    });
  });

  it('may have no stack', async () => {
    expect(await thrownBy(errors.throwWithoutStack)).toMatchObject({ message: 'bare' });
  });

  it('may be a rejection', async () => {
    const error = await thrownBy(errors.rejectLater);
    expect(error).toBeInstanceOf(RangeError);
    expect(error).toMatchObject({ message: 'in the end' });
  });

  it.each(['just text', 0, null, undefined, { reason: 'none' }, 10n])(
    'may be a value that is not an error: %p',
    async (value) => {
      const executor = startThreads({ max: 1 });
      const [outcome] = await executor.run([call(errors.throwValue, [value])]);
      expect(outcome).toMatchObject({ status: 'failed' });
      expect(outcome?.value).toEqual(value);
    },
  );

  it('may be a value that is not an error and cannot be cloned', async () => {
    const executor = startThreads({ max: 1 });
    const [outcome] = await executor.run([call(errors.throwUncloneableValue, [])]);
    expect(outcome).toMatchObject({ status: 'failed', worker: expect.stringContaining('thread') });
  });
});

const http = async (which: Parameters<typeof httpErrors.throwHttp>[0]) =>
  (await thrownBy(httpErrors.throwHttp, which)) as HttpException;

describe('an HttpException of a task', () => {
  it('keeps class, status and body', async () => {
    const forbidden = await http('forbidden');
    expect(forbidden).toBeInstanceOf(ForbiddenException);
    expect(forbidden.name).toBe('ForbiddenException');
    expect(forbidden.getStatus()).toBe(403);
    expect(forbidden.getResponse()).toEqual({ message: 'Forbidden', statusCode: 403 });

    const unavailable = await http('unavailable');
    expect(unavailable).toBeInstanceOf(ServiceUnavailableException);
    expect(unavailable.getStatus()).toBe(503);
    expect(unavailable.getResponse()).toEqual({
      message: 'later',
      error: 'busy',
      statusCode: 503,
    });
  });

  it('keeps a body that is text', async () => {
    const error = await http('text');
    expect(Object.getPrototypeOf(error)).toBe(HttpException.prototype);
    expect([error.getStatus(), error.getResponse()]).toEqual([422, 'just text']);
  });

  it('of a custom class gets the nearest class of Nest, so that filters catch it', async () => {
    const page = await http('page');
    expect(page).toBeInstanceOf(NotFoundException);
    expect(page).toMatchObject({ name: 'MissingPageException', message: 'no page', page: 3 });
    expect(page.getResponse()).toEqual({ message: 'no page', hint: 'look on' });

    const teapot = await http('teapot');
    expect(teapot).toBeInstanceOf(HttpException);
    expect([teapot.getStatus(), teapot.getResponse()]).toEqual([418, { error: 'teapot' }]);
    expect(teapot.cause).toMatchObject({ message: 'no coffee' });
  });

  it('may be recognized by its shape only', async () => {
    const error = await http('homeMade');
    expect(error).toBeInstanceOf(HttpException);
    expect(error.message).toBe('pay first');
    expect([error.getStatus(), error.getResponse()]).toEqual([402, { pay: true }]);
  });
});
