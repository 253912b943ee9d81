const COMPONENT = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*'
const LABEL = '[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?'
const DOMAIN = `(?:${LABEL}(?:\\.${LABEL})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?`
const SUFFIX = '(?::\\w[\\w.-]{0,127})?(?:@[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,})?'
const path = new RegExp(`^(${COMPONENT}(?:/${COMPONENT})*)${SUFFIX}$`)
const withDomain = new RegExp(`^(${DOMAIN}/${COMPONENT}(?:/${COMPONENT})*)${SUFFIX}$`)

const LONGEST_NAME = 255
// A name, a tag and the longest digest there is.
const LONGEST_REFERENCE = 600

/** Whether a text has the form of an image name as Docker reads them (github.com/distribution/reference). */
export function isImageName(text: string): boolean {
  if (text.length > LONGEST_REFERENCE || /^[0-9a-f]{64}$/.test(text)) return false
  const slash = text.indexOf('/')
  const first = slash === -1 ? '' : text.slice(0, slash)
  const hasDomain = first === 'localhost' || /[.:]/.test(first) || first !== first.toLowerCase()
  const match = (hasDomain ? withDomain : path).exec(text)
  if (!match) return false
  const implied = hasDomain ? '' : slash === -1 ? 'docker.io/library/' : 'docker.io/'
  return implied.length + (match[1] ?? '').length <= LONGEST_NAME
}
