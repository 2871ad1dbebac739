import { Controller, Get, Query } from '@nestjs/common';
import { Futures, FuturesService } from 'nestjs-futures';
import { countries } from '../tasks/handles.js';

/** What a client sees of a task that fails, if nothing catches its error. */
@Controller('api/fails')
export class FailsController {
  /** The task throws a `NotFoundException`: 404, with the body the task gave it. */
  @Get()
  country(@Futures() futures: FuturesService, @Query('country') name = 'Atlantis') {
    return futures.resultOrSubmit(`country ${name}`, undefined, countries.findCountry, name);
  }

  /** The task throws a `RangeError`: 500, and the error with the worker's stack in the log. */
  @Get('plain')
  plain(@Futures() futures: FuturesService) {
    return futures.resultOrSubmit('division', undefined, countries.divideByNothing);
  }
}
