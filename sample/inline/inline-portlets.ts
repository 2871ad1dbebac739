import type { Html } from '../page/html.js';
import { barleySpec, barleyView } from '../portlets/barley.portlet.js';
import { co2Spec, co2View } from '../portlets/co2.portlet.js';
import { feedFile, feedView } from '../portlets/feed.portlet.js';
import { flightsReportFailedView, flightsReportView } from '../portlets/flights-report.portlet.js';
import { flightsView } from '../portlets/flights.portlet.js';
import { gapminderSpec, gapminderView } from '../portlets/gapminder.portlet.js';
import { moviesSpec, moviesView } from '../portlets/movies.portlet.js';
import { quakeMapView } from '../portlets/quake-map.portlet.js';
import { reportFile, reportView } from '../portlets/report.portlet.js';
import {
  sanFranciscoFailedView,
  sanFranciscoSpec,
  sanFranciscoView,
} from '../portlets/san-francisco.portlet.js';
import { stocksSpec, stocksView } from '../portlets/stocks.portlet.js';
import { swarmsView } from '../portlets/swarms.portlet.js';
import { weatherSpec, weatherView } from '../portlets/weather.portlet.js';
import type { InlineRun } from './inline-run.js';

/**
 * The content of all portlets, computed by the same functions on the event loop, one by one.
 *
 * This code must know every portlet: what each needs, and that two of them share a value. Futures
 * save that, and not only the time.
 */
export async function inlinePortlets(run: InlineRun): Promise<Html[]> {
  // Loaded at the first call, as in a worker. With futures alone, this thread never loads them.
  const tasks = await run.step('load', 'the task files', loadTaskFiles, 'pass');
  const chart = (spec: typeof weatherSpec) =>
    run.step('charts.renderChart', spec.name ?? '', () => tasks.charts.renderChart(spec));

  const survey = await run.step('quakes.surveyQuakes', 'quakes', () => tasks.quakes.surveyQuakes());
  return [
    quakeMapView(survey),
    swarmsView(survey),
    await run
      .step('flights-report.reportDelays', 'delays', () => tasks.flightsReport.reportDelays())
      .then(flightsReportView, flightsReportFailedView),
    weatherView(await chart(weatherSpec)),
    moviesView(await chart(moviesSpec)),
    gapminderView(await chart(gapminderSpec)),
    reportView(
      await run.step('report.renderReport', 'report', () => tasks.report.renderReport(reportFile)),
    ),
    feedView(await run.step('feed.parseFeed', 'feed', () => tasks.feed.parseFeed(feedFile))),
    flightsView(
      await run.step('flights.summarizeFlights', 'flights', () => tasks.flights.summarizeFlights()),
    ),
    await chart(sanFranciscoSpec).then(sanFranciscoView, sanFranciscoFailedView),
    co2View(await chart(co2Spec)),
    stocksView(await chart(stocksSpec)),
    barleyView(await chart(barleySpec)),
  ];
}

async function loadTaskFiles() {
  const [charts, feed, flights, flightsReport, quakes, report] = await Promise.all([
    import('../tasks/charts.tasks.js'),
    import('../tasks/feed.tasks.js'),
    import('../tasks/flights.tasks.js'),
    import('../tasks/flights-report.tasks.js'),
    import('../tasks/quakes.tasks.js'),
    import('../tasks/report.tasks.js'),
  ]);
  return { charts, feed, flights, flightsReport, quakes, report };
}
