import { isSpace } from '../white-space.ts'

/** A word with its offsets in the text that was split. */
export interface LexedWord {
  readonly value: string
  readonly start: number
  readonly end: number
}

/** Collects characters into words, for one run of the lexer. */
export class WordSplitter {
  readonly #words: LexedWord[] = []
  #current = ''
  #start = 0

  /** Adds a character, which ends the word if it is white space. */
  addCharacter(character: string, at: number): void {
    if (isSpace(character.charCodeAt(0))) this.#push(at)
    else this.addRaw(character, at)
  }

  /** Adds text that may hold several words, such as the value of a variable. All of it has the offset `at`. */
  addText(text: string, at: number): void {
    for (const character of text) this.addCharacter(character, at)
  }

  /** Adds text that belongs to one word as a whole. */
  addRaw(text: string, at: number): void {
    if (this.#current === '') this.#start = at
    this.#current += text
  }

  drop(): void {
    this.#current = ''
  }

  finish(end: number): LexedWord[] {
    this.#push(end)
    return this.#words
  }

  #push(end: number): void {
    if (this.#current === '') return
    this.#words.push({ value: this.#current, start: this.#start, end: Math.max(end, this.#start) })
    this.#current = ''
  }
}
