import { TsbuildError } from '../../base/errors.ts'
import type { Expose } from '../../parser/types.ts'
import { type Evaluation, emit } from './evaluation.ts'
import { expandToWords } from './walk.ts'

/** Errors with `INSTRUCTION_ARGUMENTS` for what is no port. */
export function evaluateExpose(evaluation: Evaluation, { ports }: Expose): void {
  // BuildKit sorts the words as they are written.
  const sorted = ports.toSorted((a, b) => (a.value < b.value ? -1 : Number(a.value > b.value)))
  const expanded = sorted.flatMap((word) =>
    expandToWords(evaluation.walk, word, evaluation.state.env).map((text) => ({ word, text })),
  )
  for (const { word, text } of expanded) {
    const parts = text.split(':')
    const [port = '', ...rest] = (parts.at(-1) ?? '').split('/')
    const protocol = rest.join('/') || 'tcp'
    if (port === '' || !/^(tcp|udp|sctp)$/i.test(protocol)) throw invalid(text)
    // Up to the port of the host: `ip:host`, `host`, or nothing; a lone colon is nothing too.
    const host = /^:*$/.test(parts.slice(0, -1).join(':')) ? '' : parts.slice(0, -1).join(':')
    emit(evaluation, 'port', { text, host, protocol, word })
    if (!/^[+-]?[0-9]+(-[+-]?[0-9]+)?$/.test(port)) throw invalid(text)
  }
}

function invalid(text: string): TsbuildError {
  return new TsbuildError('INSTRUCTION_ARGUMENTS', `invalid port ${JSON.stringify(text)}`, {
    hint: 'write PORT, PORT/udp or FIRST-LAST/tcp, e.g. EXPOSE 8080/tcp',
  })
}
