import { Controller, Get } from '@nestjs/common';
import { Futures, FuturesService } from 'nestjs-futures';
import { quakes } from '../tasks/handles.js';

/**
 * Two futures, where the second needs the value of the first. Pass 1 submits the swarms, pass 2
 * submits the profile of the largest swarm's region, and pass 3 has both.
 */
@Controller('api/chain')
export class ChainController {
  @Get()
  chain(@Futures() futures: FuturesService) {
    const [largest] = futures.resultOrSubmit('swarms', [], quakes.listSwarms, 1);
    const region =
      largest &&
      futures.resultOrSubmit(
        `region around ${largest.where}`,
        undefined,
        quakes.profileRegion,
        largest.place,
        largest.radius,
      );
    return { largest, region, passes: futures.pass };
  }
}
