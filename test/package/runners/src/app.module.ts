import { Module } from '@nestjs/common';
import { FuturesModule } from 'nestjs-futures';
import { PageController } from './page.controller.js';

@Module({ imports: [FuturesModule.forRoot()], controllers: [PageController] })
export class AppModule {}
