import { defineConfig, type ViteUserConfig } from 'vitest/config'

/** Tests that start programs, sandboxes or servers, or work on large or hostile inputs. All others are the project `unit`: under a minute. */
const SYSTEM: readonly string[] = [
  'test/e2e/**',
  'test/context/git/**',
  'test/sandbox/**',
  'test/executor/{remote,run,worker}/**',
  'test/executor/inflated-layers.test.ts',
  'test/registry/{debian-registry,memory}.test.ts',
  'test/build/{add-remote,copy-fidelity,hostile-archives,inflation,recall-layer,source-date-epoch}.test.ts',
  'test/build/contexts/**',
  'test/cache/kill.test.ts',
  'test/cli/process.test.ts',
  'test/layers/{decompress,disk,diff,unpack}/**',
  'test/layers/fuzz.test.ts',
  'test/parser/browser.test.ts',
]

const config: ViteUserConfig = defineConfig({
  test: {
    globalSetup: 'test/support/build-dist.ts',
    testTimeout: 60_000,
    hookTimeout: 300_000, // Some hooks remove whole Debian trees.
    pool: 'forks',
    maxWorkers: 2,
    coverage: { include: ['lib/**/*.ts'], reporter: ['text-summary', 'html'] },
    projects: [
      { extends: true, test: { name: 'unit', include: ['test/**/*.test.ts'], exclude: [...SYSTEM] } },
      {
        extends: true,
        test: { name: 'system', include: [...SYSTEM.map((path) => path.replace(/\/\*\*$/, '/**/*.test.ts'))] },
      },
    ],
  },
})

export default config
