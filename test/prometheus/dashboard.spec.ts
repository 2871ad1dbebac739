import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Controller, Get } from '@nestjs/common';
import { parser } from '@prometheus-io/lezer-promql';
import { Registry } from 'prom-client';
import { Futures, FuturesService, WorkerPool } from '../../src/index.js';
import { FuturesPrometheusModule } from '../../src/prometheus/index.js';
import { startApp } from '../support/app.js';
import { ROOT } from '../support/project.js';
import { tasks } from '../support/tasks.js';
import { type Sample, metricsRoute, scrape, valueOf } from './scrape.js';

interface Dashboard {
  readonly panels: readonly {
    readonly title: string;
    readonly targets: readonly { readonly expr: string; readonly legendFormat: string }[];
  }[];
  readonly templating: {
    readonly list: readonly { readonly type: string; readonly query: string }[];
  };
}

interface Query {
  /** Each metric with the labels that it is selected by. */
  readonly selectors: readonly { readonly metric: string; readonly labels: readonly Matcher[] }[];
  /** What results are grouped by. */
  readonly groups: readonly string[];
}

interface Matcher {
  readonly label: string;
  readonly operator: string;
  readonly value: string;
}

const text = await readFile(join(ROOT, 'docs/grafana-dashboard.json'), 'utf8');
const dashboard = JSON.parse(text) as Dashboard;
const targets = dashboard.panels.flatMap(({ title, targets: of }) =>
  of.map(({ expr, legendFormat }): [string, string, string] => [title, expr, legendFormat]),
);

/**
 * Reads a query by the grammar of Prometheus.
 *
 * @throws Error if it is not a query
 */
function read(expr: string): Query {
  // What Grafana puts in before it asks.
  const query = expr.replaceAll('$__rate_interval', '5m').replaceAll(/\$(executor|task)/g, '.*');
  const selectors: { metric: string; labels: Matcher[] }[] = [];
  const groups: string[] = [];
  parser.parse(query).iterate({
    enter({ type, from, to, node }) {
      const own = query.slice(from, to);
      if (type.isError) throw new Error(`Not a query at character ${from}: ${query}`);
      if (type.name === 'VectorSelector') {
        const name = node.getChild('Identifier');
        selectors.push({
          metric: name === null ? '' : query.slice(name.from, name.to),
          labels: [],
        });
      } else if (type.name === 'UnquotedLabelMatcher') {
        const [, label = '', operator = '', value = ''] = /^(\w+)\s*(=~|!~|!=|=)\s*"(.*)"$/.exec(
          own,
        )!;
        selectors.at(-1)!.labels.push({ label, operator, value });
      } else if (type.name === 'GroupingLabels') {
        groups.push(...own.replaceAll(/[()\s]/g, '').split(','));
      }
    },
  });
  return { selectors, groups };
}

@Controller()
class Desk {
  @Get('sum')
  sum(@Futures() futures: FuturesService) {
    return futures.resultOrSubmit('sum', 0, tasks.add, 1, 2);
  }
}

/** What a real app serves after each kind of thing has happened once. */
async function scrapeOfAll(): Promise<Sample[]> {
  const registry = new Registry();
  const app = await startApp('express', {
    futures: { threads: { max: 1, maxQueue: 1 } },
    imports: [FuturesPrometheusModule.forRoot({ registry })],
    controllers: [Desk, metricsRoute(registry)],
  });
  const pool = app.app.get(WorkerPool);
  await app.get('/sum');
  await pool.runAllSettled([[tasks.fail, 'no paper']]);
  await pool.runAllSettled([[tasks.exit]]);
  await pool.using({ timeout: 20 }).runAllSettled([[tasks.spin, 30_000]]);
  await pool.runAllSettled([
    [tasks.echo, 1],
    [tasks.echo, 2],
    [tasks.echo, 3],
  ]);
  return scrape(app);
}

describe('the Grafana dashboard', () => {
  let samples: Sample[];
  beforeAll(async () => {
    samples = await scrapeOfAll();
  });

  it.each(targets)('asks for metrics and labels that there are: %s', (_title, expr, legend) => {
    const { selectors, groups } = read(expr);
    expect(selectors.length).toBeGreaterThan(0);
    for (const { metric, labels } of selectors) {
      const found = samples.filter(({ name }) => name === metric);
      expect([metric, found.length > 0]).toEqual([metric, true]);
      const own = Object.keys(found[0]!.labels);
      expect(groups.filter((group) => !own.includes(group))).toEqual([]);
      for (const { label, operator, value } of labels) {
        const pattern = operator.endsWith('~') ? new RegExp(`^(?:${value})$`) : undefined;
        expect(own).toContain(label);
        const values = found.map((each) => each.labels[label]!);
        const holds = values.filter((each) => pattern?.test(each) ?? each === value);
        expect([metric, label, holds.length > 0]).toEqual([metric, label, true]);
        // Each alternative is the value of a series.
        for (const each of value.split('|').filter((part) => part !== '.*')) {
          expect(values).toContain(each);
        }
      }
    }
    const shown = [...legend.matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => label);
    for (const label of shown) expect(groups).toContain(label);
  });

  it('shows each metric of this module', () => {
    const shown = new Set(
      targets.flatMap(([, expr]) => read(expr).selectors.map(({ metric }) => family(metric))),
    );
    const all = new Set(samples.map(({ name }) => family(name)));
    expect([...shown].toSorted()).toEqual([...all].toSorted());
  });

  it('lets one choose by labels that there are', () => {
    const queries = dashboard.templating.list.filter(({ type }) => type === 'query');
    expect(queries).toHaveLength(2);
    for (const { query } of queries) {
      const [, selector = '', label = ''] = /^label_values\((.*), (\w+)\)$/.exec(query)!;
      const [found] = read(selector).selectors;
      expect(samples.some(({ name, labels }) => name === found?.metric && label in labels)).toBe(
        true,
      );
    }
  });

  it('is checked by a test that notices what is not a query, and what is not served', () => {
    expect(() => read('sum by (task (x)')).toThrow('Not a query');
    expect(read('rate(a{b="c"}[$__rate_interval])').selectors).toEqual([
      { metric: 'a', labels: [{ label: 'b', operator: '=', value: 'c' }] },
    ]);
    expect(valueOf(samples, 'no_such_metric')).toBeUndefined();
  });
});

function family(name: string): string {
  return name.replace(/_(?:bucket|sum|count)$/, '');
}
