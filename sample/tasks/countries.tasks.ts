import { NotFoundException } from '@nestjs/common';
import { readJson } from './datasets.js';

interface Row {
  country: string;
  year: number;
  pop: number;
  life_expect: number;
  fertility: number;
}

export interface Country {
  name: string;
  years: { year: number; population: number; lifeExpectancy: number; fertility: number }[];
}

/**
 * What Gapminder knows about a country.
 *
 * A task may throw a Nest exception: it reaches the client with its status and body. The worker
 * must then load `@nestjs/common`; your own tasks are better off without Nest.
 */
export function findCountry(name: string): Country {
  const rows = readJson<Row[]>('gapminder.json').filter(({ country }) => country === name);
  if (rows.length === 0) {
    throw new NotFoundException({
      statusCode: 404,
      error: 'Not Found',
      message: `Gapminder has no country named ${name}`,
      country: name,
    });
  }
  return {
    name,
    years: rows.map(({ year, pop, life_expect, fertility }) => ({
      year,
      population: pop,
      lifeExpectancy: life_expect,
      fertility,
    })),
  };
}

/** Fails like a function with a bug. */
export function divideByNothing(): never {
  throw new RangeError('Division by zero');
}
