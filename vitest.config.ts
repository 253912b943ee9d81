import { defineConfig, type ViteUserConfig } from 'vitest/config'

const config: ViteUserConfig = defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: 'test/support/build-dist.ts',
    testTimeout: 60_000,
    hookTimeout: 120_000, // whole Debian trees are removed in some
    pool: 'forks',
    maxWorkers: 2,
  },
})

export default config
