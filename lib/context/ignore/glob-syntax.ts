// The part of Go's glob syntax that .dockerignore patterns and COPY wildcards share.

/** Thrown for a pattern that Go's filepath.Match or regexp rejects. Callers add the location. */
export class BadPattern extends Error {}

/** The source of a `u` regular expression that matches one literal character, valid inside and outside of a class. */
export function literal(character: string): string {
  return /[\w/ ]/.test(character) ? character : `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`
}

/**
 * Checks a pattern as Go's filepath.Match does: escapes must be complete, and classes closed, not empty, with
 * complete ranges.
 * @throws BadPattern
 */
export function checkGlob(pattern: string): void {
  const characters = [...pattern]
  for (let at = 0; at < characters.length; at++) {
    if (characters[at] === '[') at = checkClass(characters, at)
    else if (characters[at] === '\\' && ++at === characters.length) throw new BadPattern('ends in a backslash')
  }
}

/** Returns the index of the closing bracket. */
function checkClass(characters: readonly string[], open: number): number {
  let at = open + 1
  if (characters[at] === '^') at++
  for (let ranges = 0; ; ranges++) {
    if (characters[at] === ']' && ranges > 0) return at
    at = checkClassMember(characters, at)
    if (characters[at] === '-') at = checkClassMember(characters, at + 1)
  }
}

/** Returns the index after one member of a class. Another character must follow, since the class has to be closed. */
function checkClassMember(characters: readonly string[], at: number): number {
  if (characters[at] === '-' || characters[at] === ']') throw new BadPattern('has an incomplete class')
  if (characters[at] === '\\') at++
  if (at + 1 >= characters.length) throw new BadPattern('has a class without an end')
  return at + 1
}
