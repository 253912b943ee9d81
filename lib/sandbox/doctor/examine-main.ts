// The program that `tsbuild doctor` starts in the worker's namespaces. It prints what works there as JSON.

import type { WorkerNamespaces } from '../types.ts'
import { examineNamespaces } from './examine-namespaces.ts'

const [directory = '', namespaces = ''] = process.argv.slice(2)
process.stdout.write(JSON.stringify(await examineNamespaces(directory, JSON.parse(namespaces) as WorkerNamespaces)))
