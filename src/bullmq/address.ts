import type { ConnectionOptions } from 'bullmq';

interface Location {
  readonly host?: unknown;
  readonly port?: unknown;
  readonly path?: unknown;
  readonly url?: unknown;
  /** Of a client that the app made. */
  readonly options?: Location;
}

/** Where Redis is, for messages: ` at localhost:6379`; empty if the options don't say it. */
export function addressOf(connection: ConnectionOptions): string {
  const given = connection as Location;
  const { host, port, path, url } = given.options ?? given;
  if (typeof path === 'string') return ` at ${path}`;
  if (typeof url === 'string' && URL.canParse(url)) return ` at ${new URL(url).host}`;
  if (typeof host !== 'string' && typeof port !== 'number') return '';
  return ` at ${typeof host === 'string' ? host : 'localhost'}:${typeof port === 'number' ? port : 6379}`;
}
