import { inspect } from 'node:util';
import type { LoggerService } from '@nestjs/common';

/** Keeps what is logged, so that tests can tell what was and how often. */
export class MemoryLogger implements LoggerService {
  readonly errors: string[] = [];
  readonly warnings: string[] = [];

  log(): void {}

  error(...parts: unknown[]): void {
    this.errors.push(parts.map(toText).join(' '));
  }

  warn(...parts: unknown[]): void {
    this.warnings.push(parts.map(toText).join(' '));
  }
}

function toText(part: unknown): string {
  return typeof part === 'string' ? part : inspect(part);
}
