import { readJson } from './datasets.js';

interface Flight {
  /** In minutes; negative if early. */
  delay: number;
  /** In miles. */
  distance: number;
  /** Hour of departure, with a fraction. */
  time: number;
}

/** How punctual a set of flights was. Delays are in minutes. */
export interface Punctuality {
  flights: number;
  median: number;
  /** One flight in ten is later than this. */
  worstTenth: number;
  /** Share of flights more than 15 minutes late, the usual definition of a delayed flight. */
  late: number;
}

export interface FlightSummary extends Punctuality {
  /** Hours with hardly any flights are left out. */
  byHour: (Punctuality & { hour: number })[];
}

const LATE = 15;

/** Minimum number of flights in an hour. At night hardly any flight leaves, unless it is late. */
const ENOUGH = 1000;

/** Summarizes 200,000 flights in the United States, in total and by hour of departure. */
export function summarizeFlights(): FlightSummary {
  const flights = readJson<Flight[]>('flights-200k.json');
  const hours: number[][] = Array.from({ length: 24 }, () => []);
  for (const { delay, time } of flights) hours[Math.floor(time) % 24]!.push(delay);
  return {
    ...punctuality(flights.map(({ delay }) => delay)),
    byHour: hours
      .map((delays, hour) => Object.assign(punctuality(delays), { hour }))
      .filter((ofHour) => ofHour.flights >= ENOUGH),
  };
}

function punctuality(delays: number[]): Punctuality {
  delays.sort((a, b) => a - b);
  const quantile = (share: number) => delays[Math.floor(share * (delays.length - 1))] ?? 0;
  return {
    flights: delays.length,
    median: quantile(0.5),
    worstTenth: quantile(0.9),
    late: delays.filter((delay) => delay > LATE).length / delays.length,
  };
}
