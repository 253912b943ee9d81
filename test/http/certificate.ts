import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { run } from '../support/run.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

/** A new certificate for a host or an address, signed by itself. PEM. */
export function certificate(host: string): { readonly cert: string; readonly key: string } {
  const directory = temporaryDirectory()
  const [key, cert] = [join(directory, 'key.pem'), join(directory, 'cert.pem')]
  const name = /^[\d.]+$/.test(host) ? `IP:${host}` : `DNS:${host}`
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
  run('openssl', [
    'req',
    '-x509',
    ...kind,
    '-subj',
    '/CN=test',
    '-addext',
    `subjectAltName=${name}`,
    '-keyout',
    key,
    '-out',
    cert,
  ])
  return { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') }
}
