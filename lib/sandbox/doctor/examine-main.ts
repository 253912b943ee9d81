// The program that `tsbuild doctor` starts in a place: prints what it finds there as JSON.

import type { Place } from '../types.ts'
import { examinePlace } from './examine-namespaces.ts'

const [directory = '', place = ''] = process.argv.slice(2)
process.stdout.write(JSON.stringify(await examinePlace(directory, JSON.parse(place) as Place)))
