import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NestInterceptor, Type } from '@nestjs/common';
import * as express from '@nestjs/platform-express';
import * as fastify from '@nestjs/platform-fastify/multipart';
import multer from 'multer';
import type { AdapterName } from './app.js';

/** A file, as multer and Nest's counterpart for Fastify leave it. */
export interface StoredFile {
  readonly fieldname: string;
  readonly buffer?: Buffer;
  readonly path?: string;
}

export interface UploadRequest {
  readonly body: object;
  readonly file?: StoredFile;
  readonly files?: StoredFile[] | Record<string, StoredFile[]>;
}

const STORAGES = {
  express: { disk: multer.diskStorage, memory: multer.memoryStorage },
  fastify: { disk: fastify.diskStorage, memory: fastify.memoryStorage },
};

/** Where uploads go, and how many files were stored and removed. */
export interface UploadStore {
  readonly storage: never;
  readonly folder: string;
  readonly counts: { stored: number; removed: number };
}

const folders = new Set<string>();

afterEach(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
  folders.clear();
});

/** A storage engine in a folder that is removed after the test. */
export function uploadStore(adapter: AdapterName, kind: 'disk' | 'memory'): UploadStore {
  const folder = mkdtempSync(join(tmpdir(), 'nestjs-futures-'));
  folders.add(folder);
  const counts = { stored: 0, removed: 0 };
  const counted: Record<string, keyof typeof counts> = {
    _handleFile: 'stored',
    _removeFile: 'removed',
  };
  const storage = new Proxy(STORAGES[adapter][kind]({ destination: folder }), {
    get: (target, name) => {
      const count = counted[name as string];
      if (count !== undefined) counts[count]++;
      return Reflect.get(target, name) as unknown;
    },
  });
  return { storage: storage as never, folder, counts };
}

export const UPLOAD_INTERCEPTORS = [
  'FileInterceptor',
  'FilesInterceptor',
  'FileFieldsInterceptor',
  'AnyFilesInterceptor',
] as const;

/** Nest's own upload interceptor of that name, for the adapter. */
export function uploadInterceptor(
  adapter: AdapterName,
  name: (typeof UPLOAD_INTERCEPTORS)[number],
  storage: never,
): Type<NestInterceptor> {
  const nest = (adapter === 'express' ? express : fastify) as typeof express;
  const options = { storage };
  return {
    FileInterceptor: () => nest.FileInterceptor('scan', options),
    FilesInterceptor: () => nest.FilesInterceptor('scan', 5, options),
    FileFieldsInterceptor: () => nest.FileFieldsInterceptor([{ name: 'scan' }], options),
    AnyFilesInterceptor: () => nest.AnyFilesInterceptor(options),
  }[name]();
}

/** A form with a field `title`, and files in the field `scan`. */
export function form(...contents: string[]): RequestInit {
  const body = new FormData();
  body.append('title', 'Ledger');
  contents.forEach((each, i) => body.append('scan', new Blob([each]), `page${i}.txt`));
  return { method: 'POST', body };
}

export function filesOf({ file, files = [] }: UploadRequest): StoredFile[] {
  return file === undefined ? (Object.values(files).flat() as StoredFile[]) : [file];
}

export function contentsOf(request: UploadRequest): string[] {
  return filesOf(request).map(({ buffer, path }) =>
    (buffer ?? readFileSync(path ?? '')).toString(),
  );
}
