import type { AddressInfo } from 'node:net';
import { Logger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { AppModule } from './app.module.js';
import { useTemplates } from './brief/templates.js';

const app = await NestFactory.create<NestExpressApplication>(AppModule);
useTemplates(app);
app.enableShutdownHooks();
await app.listen(Number(process.env['PORT'] ?? 3000));
const { port } = app.getHttpServer().address() as AddressInfo;
new Logger('DataDesk').log(`http://localhost:${port}`);
