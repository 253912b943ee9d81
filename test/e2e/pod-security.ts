// The rules of Kubernetes' Pod Security Standard `restricted`, those of `baseline` included, for pods of Linux:
// https://kubernetes.io/docs/concepts/security/pod-security-standards/

interface SecurityContext {
  readonly runAsNonRoot?: boolean
  readonly runAsUser?: number
  readonly privileged?: boolean
  readonly allowPrivilegeEscalation?: boolean
  readonly procMount?: string
  readonly capabilities?: { readonly add?: readonly string[]; readonly drop?: readonly string[] }
  readonly seccompProfile?: { readonly type: string }
  readonly appArmorProfile?: { readonly type: string }
  readonly seLinuxOptions?: { readonly type?: string; readonly user?: string; readonly role?: string }
  readonly sysctls?: readonly { readonly name: string }[]
}

interface Container {
  readonly name: string
  readonly args?: readonly string[]
  readonly env?: readonly { readonly name: string; readonly value: string }[]
  readonly ports?: readonly { readonly hostPort?: number }[]
  readonly securityContext?: SecurityContext
}

export interface Pod {
  readonly spec: {
    readonly hostNetwork?: boolean
    readonly hostPID?: boolean
    readonly hostIPC?: boolean
    readonly securityContext?: SecurityContext
    readonly volumes?: { readonly name: string; readonly [type: string]: unknown }[]
    readonly containers: readonly Container[]
    readonly initContainers?: readonly Container[]
    readonly ephemeralContainers?: readonly Container[]
  }
}

const VOLUMES = [
  ...['configMap', 'csi', 'downwardAPI', 'emptyDir', 'ephemeral', 'persistentVolumeClaim', 'projected', 'secret'],
]
const SYSCTLS = [
  ...['kernel.shm_rmid_forced', 'net.ipv4.ip_local_port_range', 'net.ipv4.ip_unprivileged_port_start'],
  ...['net.ipv4.tcp_syncookies', 'net.ipv4.ping_group_range', 'net.ipv4.ip_local_reserved_ports'],
  ...['net.ipv4.tcp_keepalive_time', 'net.ipv4.tcp_fin_timeout', 'net.ipv4.tcp_keepalive_intvl'],
  ...['net.ipv4.tcp_keepalive_probes', 'net.ipv4.tcp_rmem', 'net.ipv4.tcp_wmem'],
]
const SELINUX_TYPES = ['', 'container_t', 'container_init_t', 'container_kvm_t', 'container_engine_t']
const PROFILES = ['RuntimeDefault', 'Localhost']

/** A rule, for the whole pod or for the security context of the pod and of each container. */
type Rule = readonly [name: string, holds: (pod: Pod['spec'], contexts: Contexts) => boolean]

interface Contexts {
  readonly pod: SecurityContext
  readonly containers: readonly SecurityContext[]
  readonly all: readonly SecurityContext[]
}

/** Whether a setting is right in each container, or right in the pod and nowhere else wrong. */
function required<Value>(
  { pod, containers }: Contexts,
  setting: (context: SecurityContext) => Value | undefined,
  isRight: (value: Value) => boolean,
): boolean {
  return containers.every((container) => {
    const value = setting(container) ?? setting(pod)
    return value !== undefined && isRight(value)
  })
}

const RULES: readonly Rule[] = [
  ['host namespaces', ({ hostNetwork, hostPID, hostIPC }) => !(hostNetwork || hostPID || hostIPC)],
  ['privileged containers', (_, { containers }) => containers.every(({ privileged }) => !privileged)],
  [
    'capabilities',
    (_, { containers }) =>
      containers.every(
        ({ capabilities = {} }) =>
          capabilities.drop?.includes('ALL') === true &&
          (capabilities.add ?? []).every((name) => name === 'NET_BIND_SERVICE'),
      ),
  ],
  [
    'volume types',
    ({ volumes = [] }) =>
      volumes.every((volume) => Object.keys(volume).every((key) => key === 'name' || VOLUMES.includes(key))),
  ],
  [
    'host ports',
    (spec) => containersOf(spec).every(({ ports = [] }) => ports.every(({ hostPort = 0 }) => hostPort === 0)),
  ],
  [
    'AppArmor',
    (_, { all }) => all.every(({ appArmorProfile }) => !appArmorProfile || PROFILES.includes(appArmorProfile.type)),
  ],
  [
    'SELinux',
    (_, { all }) =>
      all.every(({ seLinuxOptions: { type = '', user, role } = {} }) => SELINUX_TYPES.includes(type) && !user && !role),
  ],
  ['/proc mount type', (_, { containers }) => containers.every(({ procMount = 'Default' }) => procMount === 'Default')],
  [
    'seccomp',
    (_, contexts) =>
      required(
        contexts,
        ({ seccompProfile }) => seccompProfile?.type,
        (type) => PROFILES.includes(type),
      ),
  ],
  ['sysctls', (_, { pod }) => (pod.sysctls ?? []).every(({ name }) => SYSCTLS.includes(name))],
  [
    'privilege escalation',
    (_, { containers }) => containers.every(({ allowPrivilegeEscalation }) => allowPrivilegeEscalation === false),
  ],
  [
    'running as non-root',
    (_, contexts) =>
      required(
        contexts,
        ({ runAsNonRoot }) => runAsNonRoot,
        (value) => value,
      ),
  ],
  ['running as a non-root user', (_, { all }) => all.every(({ runAsUser }) => runAsUser !== 0)],
]

function containersOf({
  containers,
  initContainers = [],
  ephemeralContainers = [],
}: Pod['spec']): readonly Container[] {
  return [...containers, ...initContainers, ...ephemeralContainers]
}

/** The names of the rules that a pod breaks. */
export function violations({ spec }: Pod): readonly string[] {
  const pod = spec.securityContext ?? {}
  const containers = containersOf(spec).map(({ securityContext = {} }) => securityContext)
  const contexts: Contexts = { pod, containers, all: [pod, ...containers] }
  return RULES.filter(([, holds]) => !holds(spec, contexts)).map(([name]) => name)
}
