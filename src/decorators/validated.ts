import type { ArgumentMetadata, ExecutionContext, PipeTransform, Type } from '@nestjs/common';
import { FuturesArgumentError } from '../errors/index.js';
import { ledgerFor } from '../request/request-ledger.js';
import { describe } from '../errors/text.js';

/** The part of an HTTP request that {@link validated} reads. */
export type RequestPart = 'body' | 'query' | 'params';

const TYPES: Readonly<Record<RequestPart, ArgumentMetadata['type']>> = {
  body: 'body',
  query: 'query',
  params: 'param',
};

/**
 * Returns a part of the request as a handler's parameter of that type would get it: through the
 * pipes of the app, the controller and the route, or through the given ones. For `args` of a
 * declared future, which Nest calls before the pipes of the other parameters have ended.
 *
 * @param type the class that the pipes validate against
 * @param pipes run in place of the app's, the controller's and the route's
 * @throws what a pipe throws, such as `BadRequestException`
 * @throws FuturesArgumentError if the route has no pipes and none are given, if one of the route's
 *   is request-scoped, or if this is not an HTTP request
 *
 * @example
 * ```ts
 * @Future('report', {
 *   task: tasks.renderReport,
 *   args: async (context) => [(await validated(context, 'body', CreateReport)).rows],
 * })
 * ```
 *
 * @publicApi
 */
export async function validated<Value extends object>(
  context: ExecutionContext,
  part: RequestPart,
  type: Type<Value>,
  ...pipes: readonly PipeTransform[]
): Promise<Value> {
  const metadata = { type: typeOf(part), metatype: type, data: undefined };
  if (context.getType() !== 'http') {
    throw new FuturesArgumentError(
      `validated() reads HTTP requests, but ${nameOf(context)} handles a message of type "${context.getType<string>()}". ` +
        `Run the pipe yourself: await pipe.transform(value, { type: 'custom', metatype: ${type.name} }).`,
    );
  }
  const hint = `Give it one: validated(context, '${part}', ${type.name}, new ValidationPipe()).`;
  let value: unknown = context.switchToHttp().getRequest<Record<RequestPart, unknown>>()[part];
  for (const pipe of pipes.length > 0 ? pipes : pipesOf(context, hint)) {
    value = await pipe.transform(value, metadata);
  }
  return value as Value;
}

function typeOf(part: RequestPart): ArgumentMetadata['type'] {
  if (Object.hasOwn(TYPES, part)) return TYPES[part];
  throw new FuturesArgumentError(
    `validated() takes the "body", the "query" or the "params" of a request, not ${describe(part)}.`,
  );
}

/** @throws FuturesArgumentError with the hint if there are no pipes, or one is request-scoped */
function pipesOf(context: ExecutionContext, hint: string): readonly PipeTransform[] {
  const found = ledgerFor(context).runtime.routePipes?.of(context) ?? { pipes: [] };
  if (found.scoped !== undefined) {
    throw new FuturesArgumentError(
      `validated() cannot run the pipe ${found.scoped} of ${nameOf(context)}, because it is request-scoped. ${hint}`,
    );
  }
  // Without a pipe, the value would pass as valid.
  if (found.pipes.length === 0) {
    throw new FuturesArgumentError(
      `${nameOf(context)} has no pipes, so validated() has nothing to validate with. ${hint}`,
    );
  }
  return found.pipes;
}

function nameOf(context: ExecutionContext): string {
  return `${context.getClass().name}.${context.getHandler().name}`;
}
