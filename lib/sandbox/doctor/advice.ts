// Advice: text to paste into the settings of the environment, so that builds get stronger isolation.

import type { EnvironmentKind, HostFacts } from '../namespaces/host-facts.ts'
import type { RefusalCause } from '../namespaces/refused-namespaces.ts'

export interface Advice {
  /** `Kubernetes`, `Docker`, `GitLab Runner`, `GitHub Actions`, `this machine`. */
  readonly where: string
  /** The benefit, phrased to follow "so that". */
  readonly gives: string
  readonly language: 'yaml' | 'toml' | 'sh'
  readonly text: string
}

/**
 * Advice for the causes that were found, in the form of the environment; in every form for a container of an unknown
 * kind.
 */
export function adviceFor(causes: readonly RefusalCause[], facts: HostFacts): readonly Advice[] {
  const met = new Set(causes)
  return [...containerAdvice(met, facts.environmentKind), ...machineAdvice(met, facts)]
}

/** The settings of a container that remove a cause. */
interface Setting {
  readonly kubernetes: readonly string[]
  /** The value of `--security-opt` of `docker run`, which other settings of Docker share; empty if there is none. */
  readonly docker: string
  readonly gives: string
}

const SETTINGS: Partial<Readonly<Record<RefusalCause, Setting>>> = {
  seccomp: {
    kubernetes: ['seccompProfile: { type: Unconfined }'],
    docker: 'seccomp=unconfined',
    gives: 'builds get namespaces of their own',
  },
  apparmor: {
    kubernetes: ['appArmorProfile: { type: Unconfined }'],
    docker: 'apparmor=unconfined',
    gives: 'builds may mount',
  },
  'masked-proc': {
    kubernetes: ['procMount: Unmasked'],
    docker: 'systempaths=unconfined',
    gives: "steps can't see each other's and the builder's processes",
  },
  'no-new-privileges': {
    kubernetes: ['allowPrivilegeEscalation: true', 'capabilities: { add: [SETUID, SETGID] }'],
    docker: '',
    gives: 'newuidmap can give the build many user ids',
  },
}

function containerAdvice(causes: ReadonlySet<RefusalCause>, kind: EnvironmentKind): readonly Advice[] {
  const settings = [...causes].flatMap((cause) => SETTINGS[cause] ?? [])
  if (settings.length === 0) return []
  const gives = settings.map((setting) => setting.gives).join(', and ')
  const lines = settings.flatMap(({ kubernetes }) => kubernetes)
  const options = settings.flatMap(({ docker }) => (docker === '' ? [] : [docker]))
  const dockerOptions = options.map((option) => `--security-opt ${option}`).join(' ')
  const advice: Record<Exclude<EnvironmentKind, 'machine' | 'container'>, Advice | undefined> = {
    kubernetes: {
      where: 'Kubernetes',
      gives,
      language: 'yaml',
      // Kubernetes allows an unmasked /proc only in a pod with a user namespace of its own.
      text: [
        'spec:',
        ...(causes.has('masked-proc') ? ['  hostUsers: false'] : []),
        '  containers:',
        '    - name: build',
        '      securityContext:',
        ...lines.map((line) => `        ${line}`),
      ].join('\n'),
    },
    gitlab:
      options.length === 0
        ? undefined
        : {
            where: 'GitLab Runner (config.toml)',
            gives,
            language: 'toml',
            text: `[runners.docker]\n  security_opt = [${options.map((option) => `"${option.replace('=', ':')}"`).join(', ')}]`,
          },
    github:
      options.length === 0
        ? undefined
        : {
            where: 'GitHub Actions',
            gives,
            language: 'yaml',
            text: `jobs:\n  build:\n    container:\n      image: node:22\n      options: ${dockerOptions}`,
          },
  }
  const docker: Advice | undefined =
    options.length === 0 ? undefined : { where: 'Docker', gives, language: 'sh', text: `docker run ${dockerOptions} …` }
  const chosen =
    kind === 'container' || kind === 'machine'
      ? [advice.kubernetes, docker, advice.gitlab, advice.github]
      : [advice[kind]]
  return chosen.flatMap((one) => one ?? [])
}

/** Advice for the causes whose remedy is a command on the machine or in the image. */
function machineAdvice(causes: ReadonlySet<RefusalCause>, facts: HostFacts): readonly Advice[] {
  const commands: Partial<Record<RefusalCause, string>> = {
    'apparmor-sysctl': 'sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0',
    'userns-sysctl': 'sudo sysctl -w kernel.unprivileged_userns_clone=1',
    'userns-limit': 'sudo sysctl -w user.max_user_namespaces=15000',
    'no-newuidmap': 'sudo apt-get install -y uidmap',
    'no-subordinate-ids': 'sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 "$(id -un)"',
    'no-unshare': 'sudo apt-get install -y util-linux   # Alpine: apk add util-linux',
  }
  const inContainer = facts.environmentKind !== 'machine' && facts.environmentKind !== 'github'
  const lines = [...causes]
    .flatMap((cause) => commands[cause] ?? [])
    .map((line) => (inContainer ? line.replace('sudo ', '') : line))
  if (lines.length === 0) return []
  const gives = 'builds get namespaces, and the user ids for what they install'
  if (facts.environmentKind !== 'github')
    return [{ where: 'this machine', gives, language: 'sh', text: lines.join('\n') }]
  return [{ where: 'GitHub Actions', gives, language: 'yaml', text: lines.map((line) => `- run: ${line}`).join('\n') }]
}
