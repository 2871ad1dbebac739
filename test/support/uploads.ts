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

/** What both storage engines do. */
interface Storage {
  _handleFile(...args: unknown[]): void;
  _removeFile(...args: unknown[]): void;
}

const STORAGES = {
  express: { disk: multer.diskStorage, memory: multer.memoryStorage },
  fastify: { disk: fastify.diskStorage, memory: fastify.memoryStorage },
};

/** Where uploads go, and how many files it was given. */
export interface UploadStore {
  readonly storage: never;
  readonly folder: string;
  stored: number;
  removed: number;
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
  const inner = STORAGES[adapter][kind]({ destination: folder }) as unknown as Storage;
  const storage: Storage = {
    _handleFile: (...args) => {
      store.stored++;
      inner._handleFile(...args);
    },
    _removeFile: (...args) => {
      store.removed++;
      inner._removeFile(...args);
    },
  };
  const store: UploadStore = { storage: storage as never, folder, stored: 0, removed: 0 };
  return store;
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
  switch (name) {
    case 'FileInterceptor':
      return nest.FileInterceptor('scan', options);
    case 'FilesInterceptor':
      return nest.FilesInterceptor('scan', 5, options);
    case 'FileFieldsInterceptor':
      return nest.FileFieldsInterceptor([{ name: 'scan' }], options);
    case 'AnyFilesInterceptor':
      return nest.AnyFilesInterceptor(options);
  }
}

/** A form with a field `title`, and files in the field `scan`. */
export function form(...contents: string[]): RequestInit {
  const body = new FormData();
  body.append('title', 'Ledger');
  contents.forEach((each, i) => body.append('scan', new Blob([each]), `page${i}.txt`));
  return { method: 'POST', body };
}

export function contentsOf({ file, files = [] }: UploadRequest): string[] {
  const all = file === undefined ? Object.values(files).flat() : [file];
  return (all as StoredFile[]).map(({ buffer, path }) =>
    (buffer ?? readFileSync(path ?? '')).toString(),
  );
}
