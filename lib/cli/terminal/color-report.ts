import type { Paint } from './paint.ts'

/** Colours the output of formatError() and formatDiagnostic(): the severity, the marked lines, the hint. */
export function colorReport(text: string, paint: Paint): string {
  return text
    .split('\n')
    .map((line) => colorLine(line, paint))
    .join('\n')
}

function colorLine(line: string, paint: Paint): string {
  const head = /^(.*?)(error|warning): (.*?)( \[[A-Za-z_]+\])?$/.exec(line)
  if (head && !/^[> ] /.test(line)) {
    const [, place = '', severity = '', message = '', code = ''] = head
    const style = severity === 'error' ? 'red' : 'yellow'
    const severityText = paint(['bold', style], `${severity}:`)
    return `${paint('cyan', place)}${severityText} ${paint('bold', message)}${paint('dim', code)}`
  }
  if (/^\s+\| +\^+$/.test(line)) {
    const at = line.indexOf('^')
    return paint('dim', line.slice(0, at)) + paint(['bold', 'red'], line.slice(at))
  }
  const frame = /^([> ]) ( *\d+ \|)(.*)$/.exec(line)
  if (frame) {
    const [, mark = '', gutter = '', source = ''] = frame
    return mark === '>' ? `${paint(['bold', 'red'], '>')} ${paint('dim', gutter)}${source}` : paint('dim', line)
  }
  return line.startsWith('hint: ') ? paint('cyan', 'hint:') + line.slice(5) : line
}
