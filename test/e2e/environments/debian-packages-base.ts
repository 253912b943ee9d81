import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { debianBase } from '../../support/debian-base.ts'
import { succeed } from '../tsbuild.ts'

const DOCKERFILE = `FROM debian:12-slim
RUN apt-get update && apt-get install -y --no-install-recommends libcap2-bin && rm -rf /var/cache/apt/archives/*.deb \\
  && apt-get install -y --no-install-recommends --download-only -o APT::Keep-Downloaded-Packages=true -o DPkg::Post-Invoke= -o APT::Update::Post-Invoke= cron uuid-runtime \\
  && mkdir /debs && mv /var/cache/apt/archives/*.deb /debs && rm -rf /var/lib/apt/lists/* /var/log/*
`

/** A Debian with setcap, and packages that wait to be installed, as an OCI layout below a directory. */
export async function debianPackagesBase(directory: string): Promise<void> {
  const made = join(directory, 'debian-base')
  mkdirSync(made)
  const base = await debianBase(made)
  const context = join(directory, 'debian-context')
  mkdirSync(context)
  writeFileSync(join(context, 'Dockerfile'), DOCKERFILE)
  const words = ['--build-context', `debian:12-slim=oci-layout://${base}`]
  const out = ['-o', `type=oci,dest=${join(directory, 'debian')},tar=false`]
  await succeed([...words, ...out, context], { store: join(directory, 'debian-store') })
}
