const component = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*'
const label = '[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?'
const domain = `(?:${label}(?:\\.${label})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?`
const suffix = '(?::\\w[\\w.-]{0,127})?(?:@[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,})?'
const path = new RegExp(`^(${component}(?:/${component})*)${suffix}$`)
const withDomain = new RegExp(`^(${domain}/${component}(?:/${component})*)${suffix}$`)

const longestName = 255
// A name, a tag and the longest digest there is.
const longestReference = 600

/** Whether a text has the form of an image name as Docker reads them (github.com/distribution/reference). */
export function isImageName(text: string): boolean {
  if (text.length > longestReference || /^[0-9a-f]{64}$/.test(text)) return false
  const slash = text.indexOf('/')
  const first = slash === -1 ? '' : text.slice(0, slash)
  const hasDomain = first === 'localhost' || /[.:]/.test(first) || first !== first.toLowerCase()
  const match = (hasDomain ? withDomain : path).exec(text)
  if (!match) return false
  const implied = hasDomain ? '' : slash === -1 ? 'docker.io/library/' : 'docker.io/'
  return implied.length + (match[1] ?? '').length <= longestName
}
