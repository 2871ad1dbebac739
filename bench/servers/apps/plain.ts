import {
  Controller,
  Get,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import type { Observable } from 'rxjs';
import { rootModule, type AppFile } from '../app-file.js';

@Controller()
export class PlainController {
  @Get('plain')
  plain(): object {
    return { values: [0] };
  }
}

class NoInterceptor implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle();
  }
}

/** Apps without the module. */
export const apps: AppFile['apps'] = {
  without: rootModule([PlainController]),
  interceptor: rootModule([PlainController], {
    providers: [{ provide: APP_INTERCEPTOR, useClass: NoInterceptor }],
  }),
};
