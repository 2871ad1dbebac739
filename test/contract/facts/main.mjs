// Prints, as JSON, what the Nest found from this folder does where we build on it.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import * as installation from './installation.mjs';
import * as replay from './replay.mjs';
import * as responses from './responses.mjs';

const manifest = createRequire(import.meta.url).resolve('@nestjs/core/package.json');
const facts = {
  version: JSON.parse(readFileSync(manifest, 'utf8')).version,
  callsOfTwoPasses: await replay.callsOfTwoPasses(),
  storesOfTwoPasses: await replay.storesOfTwoPasses(),
  promisedParameters: await replay.promisedParameters(),
  metadata: installation.metadata(),
  callsOfInstalled: await installation.callsOfInstalled(),
  isGivenInstanceUsed: await installation.isGivenInstanceUsed(),
  startUp: await installation.startUp(),
  dependencies: await installation.dependencies(),
  hiddenError: await responses.httpError(false),
  exposedError: await responses.httpError(true),
  shutDown: await responses.shutDown(),
};
console.log(JSON.stringify(facts));
