import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["tests/**/*.test.ts"],
    setupFiles: ["tests/support/properties.ts"],
    // Threaded tests need the CPUs to themselves: one file after the other.
    fileParallelism: false,
    // Tests of one file that only run programs in virtual time, or none: `describe.concurrent`.
    maxConcurrency: 2,
    pool: "forks",
    // All files in one process, where what they import is loaded once, and compiled the longer the
    // better. That is sound as no module of src/ keeps anything that a run could notice
    // (tests/sources/state.test.ts), and whatever a file starts or makes, it ends and removes.
    isolate: false,
    testTimeout: 120_000,
    hookTimeout: 120_000, // Some run the program first.
    server: { deps: { external: [/\/dist\//] } },
  },
});
