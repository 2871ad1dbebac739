/** What a call carries of the trace it belongs to, such as `traceparent` and `tracestate`. */
export type TraceCarrier = Readonly<Record<string, string>>;

/**
 * Brings the active trace context along with a call, by OpenTelemetry's API and the propagator that
 * the app has registered. Does nothing where that package is not installed.
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

  /** What is to be carried; undefined: there is no trace. */
  inject(): TraceCarrier | undefined {
    if (this.#api === undefined) return undefined;
    const { context, propagation } = this.#api;
    const carrier: Record<string, string> = {};
    try {
      propagation.inject(context.active(), carrier);
    } catch {
      // A propagator that fails costs the trace, not the calls.
      return undefined;
    }
    return Object.keys(carrier).length === 0 ? undefined : carrier;
  }

  /** Runs `run` as a part of the trace that was carried. */
  continue<Result>(carrier: TraceCarrier | undefined, run: () => Result): Result {
    if (this.#api === undefined || carrier === undefined) return run();
    const { ROOT_CONTEXT, context, propagation } = this.#api;
    let extracted = ROOT_CONTEXT;
    try {
      extracted = propagation.extract(ROOT_CONTEXT, carrier);
    } catch {
      // What was carried is not what the propagator makes.
    }
    return context.with(extracted, run);
  }
}
