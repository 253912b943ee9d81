// Runs the command line from its source: npm run dev -- build fixtures/hello
import { main } from '../lib/cli/main.ts'

process.exitCode = await main(process.argv.slice(2))
