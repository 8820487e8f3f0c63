// Pools of worker threads: as many as are asked for, until the pool is destroyed; from the start
// unless told otherwise.

import { Piscina } from "piscina";

type Options = ConstructorParameters<typeof Piscina>[0];

/**
 * Piscina requires a worker's module before it tries to import it, and Node 20 aborts the whole
 * process when a worker is terminated while it is requiring an ES module.
 */
const IMPORTS_MODULES = "--no-experimental-require-module";

/** A pool of `threads` workers that run `module`, each one task at a time. */
export function startPool<Task, Result>(
  module: URL,
  threads: number,
  options: Options = {},
): Piscina<Task, Result> {
  return new Piscina({
    filename: module.href,
    minThreads: threads,
    maxThreads: threads,
    concurrentTasksPerWorker: 1,
    idleTimeout: Number.POSITIVE_INFINITY,
    execArgv: [...process.execArgv, IMPORTS_MODULES],
    ...options,
  });
}
