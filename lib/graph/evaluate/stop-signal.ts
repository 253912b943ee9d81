import { TsbuildError } from '../../base/errors.ts'
import { suggest } from '../../base/suggest.ts'

// Linux signal names without SIG; the real-time ones (RTMIN+n, RTMAX-n) are added below.
const NAMES = new Set(
  (
    'ABRT ALRM BUS CHLD CLD CONT FPE HUP ILL INT IO IOT KILL PIPE POLL PROF PWR QUIT SEGV STKFLT STOP SYS TERM TRAP TSTP ' +
    'TTIN TTOU URG USR1 USR2 VTALRM WINCH XCPU XFSZ RTMIN RTMAX'
  ).split(' '),
)
for (let n = 1; n <= 15; n++) NAMES.add(`RTMIN+${n}`)
for (let n = 1; n <= 14; n++) NAMES.add(`RTMAX-${n}`)

/**
 * Checks the argument of STOPSIGNAL: a number other than 0, or a Linux signal name. Errors with
 * `INSTRUCTION_ARGUMENTS`.
 */
export function checkStopSignal(signal: string): void {
  if (/^[+-]?[0-9]{1,9}$/.test(signal) && Number(signal) !== 0) return
  const name = signal.toUpperCase().replace(/^SIG/, '')
  if (NAMES.has(name)) return
  const near = suggest(name, NAMES)
  throw new TsbuildError('INSTRUCTION_ARGUMENTS', `unknown signal ${JSON.stringify(signal)}`, {
    hint: near ? `did you mean "SIG${near}"?` : 'name a Linux signal, e.g. SIGTERM, or its number',
  })
}
