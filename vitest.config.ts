import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/setup/build.ts', 'test/global-setup.ts'],
    setupFiles: ['test/setup/environment.ts'],
    pool: 'forks',
    // Tests start servers and child processes of their own; more workers than this only wait for each other.
    maxWorkers: 4,
    // Limits for what hangs; a busy machine is no reason to fail.
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
