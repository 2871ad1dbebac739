import type { DynamicModule, ModuleMetadata } from '@nestjs/common';

/** A file in `apps/`: root modules by name. */
export interface AppFile {
  readonly apps: Readonly<Record<string, DynamicModule>>;
}

/** A root module with these controllers. */
export function rootModule(
  controllers: NonNullable<ModuleMetadata['controllers']>,
  rest: Omit<ModuleMetadata, 'controllers'> = {},
): DynamicModule {
  return { module: class RootModule {}, controllers, ...rest };
}
