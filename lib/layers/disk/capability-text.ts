// File capabilities as the kernel keeps them (`struct vfs_cap_data` of linux/capability.h) and as setcap and
// getcap write them (cap_from_text(3)).

const NAMES = [
  ...['chown', 'dac_override', 'dac_read_search', 'fowner', 'fsetid', 'kill', 'setgid', 'setuid', 'setpcap'],
  ...['linux_immutable', 'net_bind_service', 'net_broadcast', 'net_admin', 'net_raw', 'ipc_lock', 'ipc_owner'],
  ...['sys_module', 'sys_rawio', 'sys_chroot', 'sys_ptrace', 'sys_pacct', 'sys_admin', 'sys_boot', 'sys_nice'],
  ...['sys_resource', 'sys_time', 'sys_tty_config', 'mknod', 'lease', 'audit_write', 'audit_control', 'setfcap'],
  ...['mac_override', 'mac_admin', 'syslog', 'wake_alarm', 'block_suspend', 'audit_read', 'perfmon', 'bpf'],
  'checkpoint_restore',
].map((name) => `cap_${name}`)
const NUMBERS = new Map(NAMES.map((name, number) => [name, number]))

const REVISION_2 = 0x02000000
const EFFECTIVE = 1
const SIZE = 20

/**
 * The text for setcap, undefined for anything but sound capabilities of revision 2, the one that holds no user
 * namespace's id.
 */
export function capabilityText(value: Uint8Array): string | undefined {
  if (value.length !== SIZE) return undefined
  const view = new DataView(value.buffer, value.byteOffset, SIZE)
  const magic = view.getUint32(0, true)
  if ((magic & ~EFFECTIVE) !== REVISION_2) return undefined
  const effective = magic & EFFECTIVE ? 'e' : ''
  const clauses: string[] = []
  for (let bit = 0; bit < 64; bit++) {
    const at = bit < 32 ? 4 : 12
    const mask = 1 << (bit % 32)
    const permitted = view.getUint32(at, true) & mask ? 'p' : ''
    const inheritable = view.getUint32(at + 4, true) & mask ? 'i' : ''
    if (permitted + inheritable === '') continue
    const name = NAMES[bit]
    if (name === undefined) return undefined
    clauses.push(`${name}+${effective}${permitted}${inheritable}`)
  }
  return clauses.length > 0 ? clauses.join(' ') : undefined
}

/** The kernel's bytes for the text that getcap prints; undefined if the text can't be parsed. */
export function parseCapabilityText(text: string): Uint8Array | undefined {
  const sets = { e: new Set<number>(), i: new Set<number>(), p: new Set<number>() }
  for (const clause of text.split(' ')) {
    const match = /^([a-z_0-9,]*)((?:[=+-][eip]*)+)$/.exec(clause)
    if (!match) return undefined
    const [, list = '', actions = ''] = match
    const numbers = list === '' || list === 'all' ? NAMES.map((_, i) => i) : list.split(',').map(numberOf)
    for (const [, operator, flags = ''] of actions.matchAll(/([=+-])([eip]*)/g)) {
      for (const number of numbers) {
        if (number === undefined) return undefined
        if (operator === '=') for (const set of Object.values(sets)) set.delete(number)
        for (const flag of flags) {
          if (operator === '-') sets[flag as 'e'].delete(number)
          else sets[flag as 'e'].add(number)
        }
      }
    }
  }
  const value = new Uint8Array(SIZE)
  const view = new DataView(value.buffer)
  view.setUint32(0, REVISION_2 | (sets.e.size > 0 ? EFFECTIVE : 0), true)
  setBits(view, 4, sets.p)
  setBits(view, 8, sets.i)
  return value
}

function numberOf(name: string): number | undefined {
  const number = /^\d+$/.test(name) ? Number(name) : NUMBERS.get(name)
  return number !== undefined && number < 64 ? number : undefined
}

function setBits(view: DataView, at: number, bits: ReadonlySet<number>): void {
  for (const bit of bits) {
    const word = bit < 32 ? at : at + 8
    view.setUint32(word, (view.getUint32(word, true) | (1 << (bit % 32))) >>> 0, true)
  }
}
