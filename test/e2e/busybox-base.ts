import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { succeed } from './tsbuild.ts'

const DOCKERFILE = `FROM scratch
COPY busybox /bin/busybox
COPY etc /etc/
RUN ["/bin/busybox", "sh", "-c", "/bin/busybox --install -s /bin && mkdir -m 1777 /tmp && mkdir -m 700 /root"]
ENV FROM_BASE=yes
CMD ["/bin/sh"]
`
const PASSWD = 'root:x:0:0::/root:/bin/sh\napp:x:1000:1001::/home/app:/bin/sh\n'
const GROUP = 'root:x:0:\napp:x:1001:\nvideo:x:44:app\n'

/**
 * A small image with a shell, as an OCI layout below an empty directory. tsbuild builds it from the busybox at
 * a path.
 */
export async function busyboxBase(busybox: string, directory: string): Promise<string> {
  const context = join(directory, 'context')
  mkdirSync(join(context, 'etc'), { recursive: true })
  copyFileSync(busybox, join(context, 'busybox'))
  writeFileSync(join(context, 'etc/passwd'), PASSWD)
  writeFileSync(join(context, 'etc/group'), GROUP)
  const layout = join(directory, 'base')
  writeFileSync(join(context, 'Dockerfile'), DOCKERFILE)
  await succeed(['-o', `type=oci,dest=${layout},tar=false`, context], { store: join(directory, 'store') })
  return layout
}
