import { Controller, Get, Query } from '@nestjs/common';
import { Futures, FuturesService } from 'nestjs-futures';
import { countries } from '../tasks/handles.js';

/** What a client gets when a task fails and nothing catches its error. */
@Controller('api/fails')
export class FailsController {
  /** The task throws a `NotFoundException`: 404, with the body from the task. */
  @Get()
  country(@Futures() futures: FuturesService, @Query('country') name = 'Atlantis') {
    return futures.resultOrSubmit(`country ${name}`, undefined, countries.findCountry, name);
  }

  /** The task throws a `RangeError`: 500, and the error is logged with the worker's stack. */
  @Get('plain')
  plain(@Futures() futures: FuturesService) {
    return futures.resultOrSubmit('division', undefined, countries.divideByNothing);
  }
}
