/** The trace data that a call carries, such as `traceparent` and `tracestate`. */
export type TraceCarrier = Readonly<Record<string, string>>;

/**
 * Passes the active trace context along with a call, using OpenTelemetry's API and the propagator
 * that the app has registered. Does nothing if that package isn't installed.
 *
 * @internal
 */
export class TraceContext {
  readonly #api: typeof import('@opentelemetry/api') | undefined;

  private constructor(api: typeof import('@opentelemetry/api') | undefined) {
    this.#api = api;
  }

  static async load(): Promise<TraceContext> {
    try {
      return new TraceContext(await import('@opentelemetry/api'));
    } catch {
      return new TraceContext(undefined);
    }
  }

  /** Returns what the calls carry; undefined if there is no trace. */
  inject(): TraceCarrier | undefined {
    if (this.#api === undefined) return undefined;
    const { context, propagation } = this.#api;
    const carrier: Record<string, string> = {};
    try {
      propagation.inject(context.active(), carrier);
    } catch {
      // A failing propagator loses the trace, but must not fail the calls.
      return undefined;
    }
    return Object.keys(carrier).length === 0 ? undefined : carrier;
  }

  /** Calls `run` as part of the trace that was carried. */
  continue<Result>(carrier: TraceCarrier | null | undefined, run: () => Result): Result {
    if (this.#api === undefined || carrier === undefined || carrier === null) return run();
    const { ROOT_CONTEXT, context, propagation } = this.#api;
    let extracted = ROOT_CONTEXT;
    try {
      extracted = propagation.extract(ROOT_CONTEXT, carrier);
    } catch {
      // The propagator can't read the carrier, so `run` continues no trace.
    }
    return context.with(extracted, run);
  }
}
