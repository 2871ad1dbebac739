import { Controller, Get, Header, type Type } from '@nestjs/common';
import type { Registry, RegistryContentType } from 'prom-client';
import type { TestApp } from '../support/app.js';

/** One line of the text format. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A route that serves a registry, as an app has it. */
export function metricsRoute(registry: Registry<RegistryContentType>): Type {
  @Controller('metrics')
  class Metrics {
    @Get()
    @Header('Content-Type', 'text/plain')
    read() {
      return registry.metrics();
    }
  }
  return Metrics;
}

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\\n]|\\[\\"n])*)"(?:,|$)/gy;

/** @throws Error if a line is not of Prometheus' text format */
export function parse(text: string): Sample[] {
  return text
    .split('\n')
    .filter((line) => line !== '' && !/^# (HELP|TYPE) /.test(line))
    .map((line) => {
      const [, name = '', inner = '', value = ''] = LINE.exec(line) ?? [];
      const labels = [...inner.matchAll(LABEL)];
      if (name === '' || labels.map(([text]) => text).join('') !== inner) {
        throw new Error(`No line of the text format: ${line}`);
      }
      return {
        name,
        labels: Object.fromEntries(labels.map(([, label = '', text = '']) => [label, text])),
        value: Number(value),
      };
    });
}

export async function scrape(app: TestApp): Promise<Sample[]> {
  return parse((await app.get('/metrics')).text);
}

/** The sum of the samples of a metric that have these labels; undefined if there is none. */
export function valueOf(
  samples: readonly Sample[],
  metric: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined {
  const found = samples.filter(
    ({ name, labels: own }) =>
      name === `nestjs_futures_${metric}` &&
      Object.entries(labels).every(([label, value]) => own[label] === value),
  );
  return found.length === 0 ? undefined : found.reduce((sum, { value }) => sum + value, 0);
}
