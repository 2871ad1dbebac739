import type { ExecutionContext, PipeTransform } from '@nestjs/common';
import type { ApplicationConfig, ModulesContainer } from '@nestjs/core';

/** Key of Nest's pipe metadata on a class or a handler (`PIPES_METADATA`). */
const PIPES_METADATA = '__pipes__';

export interface FoundPipes {
  /** In the order in which Nest runs them: the app's, the controller's, the route's. */
  readonly pipes: readonly PipeTransform[];
  /** Name of one that has no instance outside of a request. */
  readonly scoped?: string | undefined;
}

/** Finds the pipes that Nest runs for every parameter of a route. @internal */
export class RoutePipes {
  readonly #modules: ModulesContainer;
  readonly #config: ApplicationConfig;

  constructor(modules: ModulesContainer, config: ApplicationConfig) {
    this.#modules = modules;
    this.#config = config;
  }

  of(context: ExecutionContext): FoundPipes {
    const owner = context.getClass();
    const [scoped] = this.#config.getGlobalRequestPipes();
    if (scoped !== undefined) return { pipes: [], scoped: String(scoped.name) };
    const pipes: PipeTransform[] = [...this.#config.getGlobalPipes()];
    for (const each of [...pipesOn(owner), ...pipesOn(context.getHandler())]) {
      const pipe = typeof each === 'function' ? this.#instanceOf(each, owner) : each;
      if (pipe === undefined) return { pipes: [], scoped: (each as { name: string }).name };
      pipes.push(pipe);
    }
    return { pipes };
  }

  /** Undefined if there is none outside of a request. */
  #instanceOf(pipe: object, owner: object): PipeTransform | undefined {
    for (const { controllers, injectables } of this.#modules.values()) {
      if (!controllers.has(owner as never)) continue;
      const wrapper = injectables.get(pipe as never);
      if (wrapper?.isDependencyTreeStatic() === true) return wrapper.instance as PipeTransform;
    }
    return undefined;
  }
}

function pipesOn(target: object): (PipeTransform | (new () => PipeTransform))[] {
  return (Reflect.getMetadata(PIPES_METADATA, target) ?? []) as PipeTransform[];
}
