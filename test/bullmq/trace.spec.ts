import { context, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base';
import { NestFactory } from '@nestjs/core';
import { Piscina } from 'piscina';
import { taskFile } from '../../src/index.js';
import { FuturesWorkerModule } from '../../src/bullmq/index.js';
import { call, run } from '../support/executors.js';
import { describeWith } from '../support/services.js';
import { tasks } from '../support/tasks.js';
import { cleanUp, redisService, startExecutor, testQueue, type TestQueue } from './support.js';

/** Keeps the trace that was active when a task was handed to a thread. */
class TracedPool extends Piscina {
  readonly traces: (string | undefined)[] = [];

  override run(...args: Parameters<Piscina['run']>): Promise<unknown> {
    this.traces.push(trace.getSpanContext(context.active())?.traceId);
    return super.run(...args);
  }
}

async function startWorkerHere(queue: TestQueue, pool: Piscina): Promise<void> {
  const basic = taskFile(new URL('../fixtures/basic.tasks.js', import.meta.url));
  const options = { ...queue, tasks: [basic], threads: { pool } };
  const worker = await NestFactory.createApplicationContext(FuturesWorkerModule.forRoot(options), {
    logger: false,
  });
  cleanUp(async () => {
    await worker.close();
    await pool.destroy();
  });
}

describeWith(redisService, 'the trace of a request', () => {
  const provider = new BasicTracerProvider();
  const tracer = provider.getTracer('test');

  beforeAll(() => {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  });

  afterAll(async () => {
    context.disable();
    propagation.disable();
    await provider.shutdown();
  });

  it('continues in the worker: each call runs in the trace of its own request', async () => {
    const queue = testQueue();
    const pool = new TracedPool({ minThreads: 0, maxThreads: 2, idleTimeout: 30_000 });
    await startWorkerHere(queue, pool);
    const executor = startExecutor(queue);
    const spans = [tracer.startSpan('one'), tracer.startSpan('two')];
    const runs = spans.map((span) =>
      context.with(trace.setSpan(context.active(), span), () =>
        run(executor, call(tasks.add, [1, 2])),
      ),
    );
    expect(await Promise.all(runs)).toEqual([[3], [3]]);
    const ids = spans.map((span) => span.spanContext().traceId);
    expect(new Set(ids).size).toBe(2);
    expect(new Set(pool.traces)).toEqual(new Set(ids));
    for (const span of spans) span.end();
  });

  it('is absent in the worker if the request has none', async () => {
    const queue = testQueue();
    const pool = new TracedPool({ minThreads: 0, maxThreads: 1, idleTimeout: 30_000 });
    await startWorkerHere(queue, pool);
    expect(await run(startExecutor(queue), call(tasks.add, [1, 2]))).toEqual([3]);
    expect(pool.traces).toEqual([undefined]);
  });
});
