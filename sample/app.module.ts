import { Module } from '@nestjs/common';
import { FuturesModule } from 'nestjs-futures';
import { bullmqExecutor } from 'nestjs-futures/bullmq';
import { ChainController } from './api/chain.controller.js';
import { FailsController } from './api/fails.controller.js';
import { PingController } from './api/ping.controller.js';
import { SummaryController } from './api/summary.controller.js';
import { BriefController } from './brief/brief.controller.js';
import { FlightsLoader } from './flights-report/flights-loader.js';
import { InlineController } from './inline/inline.controller.js';
import { PageController } from './page/page.controller.js';
import { portletProviders } from './portlets/portlets.js';
import { fleet } from './redis.js';
import { LatestRuns } from './trace/latest-runs.js';
import { RequestClock } from './trace/request-clock.js';

@Module({
  imports: [
    // The defaults: as many threads as the machine can run at once, and a request-scoped
    // FuturesService. It makes the portlets request-scoped, too. With `scope: 'singleton'` they
    // would be singletons, and their code would not change.
    FuturesModule.forRoot({
      serverTiming: true,
      // A worker that stays idle keeps Vega and Shiki loaded, and its code warm, for the next
      // visitor. The default is half a minute.
      threads: { idleTimeout: 600_000 },
      // EXECUTOR=queue: the tasks run in the workers that `npm run start:worker` starts.
      executors: { queue: bullmqExecutor(fleet) },
      executor: process.env['EXECUTOR'] ?? 'thread',
    }),
  ],
  controllers: [
    PageController,
    InlineController,
    BriefController,
    SummaryController,
    ChainController,
    FailsController,
    PingController,
  ],
  providers: [...portletProviders, RequestClock, LatestRuns, FlightsLoader],
})
export class AppModule {}
