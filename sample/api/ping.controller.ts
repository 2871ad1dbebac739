import { Controller, Get } from '@nestjs/common';

/** Uses no futures: its latency while the page is computed shows how free the event loop is. */
@Controller('ping')
export class PingController {
  @Get()
  ping(): string {
    return 'pong';
  }
}
