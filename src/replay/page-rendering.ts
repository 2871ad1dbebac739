import type { ExecutionContext } from '@nestjs/common';
import { mergeMap, takeLast, type Observable, type OperatorFunction } from 'rxjs';

/** Key of Nest's metadata of `@Render()` on a handler (`RENDER_METADATA`). */
const RENDER_METADATA = '__renderTemplate__';

/** The template that `@Render()` names on a handler. @internal */
export function viewOf(handler: object): string | undefined {
  return Reflect.getMetadata(RENDER_METADATA, handler) as string | undefined;
}

type ExpressRender = (
  view: string,
  model: unknown,
  callback?: (error: Error | null, page: string) => void,
) => unknown;

interface Response {
  /** Express. */
  render?: ExpressRender;
  /** Fastify, by @fastify/view. */
  view?: (view: string, model: unknown) => unknown;
  viewAsync?: (view: string, model: unknown) => Promise<string>;
  send(page: string): unknown;
}

/**
 * Renders the template of a `@Render()` route inside the pass, so that a template helper can
 * submit futures. Nest renders only after all interceptors, when the pass is over.
 *
 * @internal
 */
export class PageRendering {
  readonly #response: Response;
  readonly #view: string;

  private constructor(response: Response, view: string) {
    this.#response = response;
    this.#view = view;
  }

  /** Undefined for a route without a view, or if the adapter cannot render to a string. */
  static of(
    context: ExecutionContext,
    view = viewOf(context.getHandler()),
  ): PageRendering | undefined {
    if (view === undefined) return undefined;
    const response = context.getArgByIndex<Response>(1);
    const isCapable = response.render !== undefined || response.viewAsync !== undefined;
    return isCapable ? new PageRendering(response, view) : undefined;
  }

  /** Renders, so that helpers submit, and passes the model on. */
  readonly rehearse = (models: Observable<unknown>): Observable<unknown> =>
    models.pipe(this.#render((_page, model) => model));

  /** Renders, and has Nest send that page instead of rendering again. */
  readonly perform = (models: Observable<unknown>): Observable<unknown> =>
    models.pipe(this.#render((page) => this.#preset(page)));

  #render(then: (page: string, model: unknown) => unknown): OperatorFunction<unknown, unknown> {
    return (models) =>
      models.pipe(
        takeLast(1),
        mergeMap(async (model) => then(await this.#toPage(model), model)),
      );
  }

  #toPage(model: unknown): Promise<string> {
    const { viewAsync } = this.#response;
    if (viewAsync !== undefined) return viewAsync.call(this.#response, this.#view, model);
    return new Promise((resolve, reject) => {
      // Express assigns to the object it is given, which is the handler's.
      const copy = typeof model === 'object' ? { ...model } : model;
      this.#response.render?.(this.#view, copy, (error, page) => {
        if (error) reject(error);
        else resolve(page);
      });
    });
  }

  #preset(page: string): void {
    const response = this.#response;
    const { render } = response;
    if (render === undefined) {
      response.view = () => response.send(page);
      return;
    }
    response.render = (view, model, callback) =>
      callback === undefined ? response.send(page) : render.call(response, view, model, callback);
  }
}
