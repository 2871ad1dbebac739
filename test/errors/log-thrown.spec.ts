import { ConsoleLogger } from '@nestjs/common';
import { logThrown } from '../../src/errors/text.js';

it('a value that no logger can print is logged by its type', () => {
  const write = process.stderr.write.bind(process.stderr);
  const written: unknown[] = [];
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  try {
    process.stderr.write = (text: unknown) => written.push(text) > 0;
    logThrown(new ConsoleLogger('Test', { colors: false }), proxy);
  } finally {
    process.stderr.write = write;
  }
  expect(written.join('')).toContain('a value of type object that cannot be read');
});
