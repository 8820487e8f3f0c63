import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["tests/**/*.test.ts"],
    // Threaded tests need the CPUs to themselves: one file after the other.
    fileParallelism: false,
    pool: "forks",
    testTimeout: 60_000,
    hookTimeout: 60_000, // Some run the program first.
    server: { deps: { external: [/\/dist\//] } },
  },
});
