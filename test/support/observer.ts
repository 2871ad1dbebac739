import type { NestInterceptor } from '@nestjs/common';
import { tap } from 'rxjs';

/** An interceptor that notes down what it sees: a value, or an error's name. */
export function observer(name: string, order: string[]): NestInterceptor {
  return {
    intercept: (_context, next) =>
      next.handle().pipe(
        tap({
          next: () => order.push(`${name} value`),
          error: (error: Error) => order.push(`${name} ${error.name}`),
        }),
      ),
  };
}
