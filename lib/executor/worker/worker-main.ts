// The worker process. The builder starts it in the namespaces that RUN steps need, and ends it by closing the channel
// between them.
import { closeInheritedFiles } from '../../sandbox/launch/close-inherited-files.ts'
import { interruptProcesses } from './interrupt-processes.ts'
import { openSteps } from './open-steps.ts'
import { serveBuilder } from './serve-builder.ts'

closeInheritedFiles()

const worker = serveBuilder(process, { open: openSteps, exit: () => process.exit(0) })

// A terminal sends SIGINT to the builder and the worker alike. During a build the builder decides; in a shell the
// signal is for the command.
process.on('SIGINT', () => {
  if (worker.isInterruptible()) interruptProcesses()
})
