import type { FactoryProvider, Provider, Type } from '@nestjs/common';
import { BarleyPortlet } from './barley.portlet.js';
import { Co2Portlet } from './co2.portlet.js';
import { FeedPortlet } from './feed.portlet.js';
import { FlightsReportPortlet } from './flights-report.portlet.js';
import { FlightsPortlet } from './flights.portlet.js';
import { GapminderPortlet } from './gapminder.portlet.js';
import { MoviesPortlet } from './movies.portlet.js';
import type { Portlet } from './portlet.js';
import { QuakeMapPortlet } from './quake-map.portlet.js';
import { ReportPortlet } from './report.portlet.js';
import { SanFranciscoPortlet } from './san-francisco.portlet.js';
import { StocksPortlet } from './stocks.portlet.js';
import { SwarmsPortlet } from './swarms.portlet.js';
import { WeatherPortlet } from './weather.portlet.js';

/** The portlets of the page, in order. */
export const PORTLETS = Symbol('PORTLETS');

const portlets: Type<Portlet>[] = [
  QuakeMapPortlet,
  SwarmsPortlet,
  FlightsReportPortlet,
  WeatherPortlet,
  MoviesPortlet,
  GapminderPortlet,
  ReportPortlet,
  FeedPortlet,
  FlightsPortlet,
  SanFranciscoPortlet,
  Co2Portlet,
  StocksPortlet,
  BarleyPortlet,
];

const list: FactoryProvider<Portlet[]> = {
  provide: PORTLETS,
  inject: portlets,
  useFactory: (...instances: Portlet[]) => instances,
};

export const portletProviders: Provider[] = [...portlets, list];
