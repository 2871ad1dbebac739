import { loader, parse, View } from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';
import { chartTheme } from './chart-theme.js';
import { readDataset } from './datasets.js';
import { estimateTextWidth } from './text-width.js';

estimateTextWidth();

/** Draws a Vega-Lite chart of a dataset as SVG. `data.url` is a file name of vega-datasets. */
export async function renderChart(spec: TopLevelSpec): Promise<string> {
  const dataflow = parse(compile(spec, { config: chartTheme }).spec);

  // If Vega can't load a file, it only logs a warning and draws an empty chart.
  const failures: unknown[] = [];
  const files = loader();
  files.load = async (uri: string) => {
    try {
      return readDataset(uri);
    } catch (error) {
      failures.push(error);
      throw error;
    }
  };

  const view = new View(dataflow, { renderer: 'none', loader: files });
  try {
    const svg = await view.toSVG();
    if (failures.length > 0) throw failures[0];
    return withOwnIds(rounded(svg), spec.name ?? 'chart');
  } finally {
    view.finalize();
  }
}

/** Fifteen digits per pixel make up a third of the picture's size. */
function rounded(svg: string): string {
  return svg.replace(/\d+\.\d{3,}/g, (number) => String(Number(Number(number).toFixed(2))));
}

/**
 * Vega numbers its ids with a counter per process: two charts on one page, drawn by two workers,
 * would share ids, and the same chart would differ between calls.
 */
function withOwnIds(svg: string, prefix: string): string {
  const ids = [...svg.matchAll(/ id="([^"]+)"/g)].map((match) => match[1]!);
  return ids.reduce(
    (text, id, n) =>
      text
        .replaceAll(` id="${id}"`, ` id="${prefix}-${n}"`)
        .replaceAll(`url(#${id})`, `url(#${prefix}-${n})`),
    svg,
  );
}
