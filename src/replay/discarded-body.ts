import { StreamableFile } from '@nestjs/common';

/**
 * Ends the streams of a result that is thrown away, so that no file or socket stays open.
 *
 * @internal
 */
export function destroyBody(body: unknown): void {
  if (typeof body !== 'object' || body === null) return;
  if (body instanceof StreamableFile) {
    body.getStream().destroy();
    return;
  }
  const { pipe, destroy } = body as { pipe?: unknown; destroy?: unknown };
  if (typeof pipe === 'function' && typeof destroy === 'function') destroy.call(body);
}
