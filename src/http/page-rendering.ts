import type { ExecutionContext } from '@nestjs/common';
import { mergeMap, takeLast, type Observable, type OperatorFunction } from 'rxjs';
import { adapterOf } from './adapter.js';
import type { PageRenderer } from './http-adapter.js';

/** Key of Nest's metadata of `@Render()` on a handler (`RENDER_METADATA`). */
const RENDER_METADATA = '__renderTemplate__';

/** The template that `@Render()` names on a handler. @internal */
export function viewOf(handler: object): string | undefined {
  return Reflect.getMetadata(RENDER_METADATA, handler) as string | undefined;
}

/**
 * Renders the template of a `@Render()` route inside the pass, so that a template helper can
 * submit futures. Nest renders only after all interceptors, when the pass is over.
 *
 * @internal
 */
export class PageRendering {
  readonly #renderer: PageRenderer;
  readonly #view: string;

  private constructor(renderer: PageRenderer, view: string) {
    this.#renderer = renderer;
    this.#view = view;
  }

  /** Undefined for a route without a view, or if the adapter cannot render to a string. */
  static of(
    context: ExecutionContext,
    view = viewOf(context.getHandler()),
  ): PageRendering | undefined {
    if (view === undefined) return undefined;
    const response = context.getArgByIndex<object>(1);
    const renderer = adapterOf(response).renderer(response);
    return renderer && new PageRendering(renderer, view);
  }

  /** Renders, so that helpers submit, and passes the model on. */
  readonly renderInPass = (models: Observable<unknown>): Observable<unknown> =>
    models.pipe(this.#render((_page, model) => model));

  /** Renders, and makes Nest send that page instead of rendering again. */
  readonly perform = (models: Observable<unknown>): Observable<unknown> =>
    models.pipe(this.#render((page) => this.#renderer.preset(page)));

  #render(then: (page: string, model: unknown) => unknown): OperatorFunction<unknown, unknown> {
    return (models) =>
      models.pipe(
        takeLast(1),
        mergeMap(async (model) => then(await this.#renderer.render(this.#view, model), model)),
      );
  }
}
