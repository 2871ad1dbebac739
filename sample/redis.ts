/** The queue of the app and its workers, at REDIS_HOST, REDIS_PORT; by default on this machine. */
export const fleet = {
  connection: {
    host: process.env['REDIS_HOST'] ?? '127.0.0.1',
    port: Number(process.env['REDIS_PORT'] ?? 6379),
  },
  queue: 'data-desk',
};
