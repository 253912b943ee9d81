// The program that `tsbuild doctor` starts in a place: prints what it finds there as JSON.
import { examinePlace } from './examine-place.ts'
import type { Place } from './types.ts'

const [directory = '', place = ''] = process.argv.slice(2)
process.stdout.write(JSON.stringify(await examinePlace(directory, JSON.parse(place) as Place)))
