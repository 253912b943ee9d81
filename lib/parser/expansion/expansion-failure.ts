/** Thrown inside the expansion only. The exported functions catch it and return an error value. */
export class ExpansionFailure extends Error {
  readonly code: 'VARIABLE_SYNTAX' | 'VARIABLE_REQUIRED'
  constructor(message: string, code: 'VARIABLE_SYNTAX' | 'VARIABLE_REQUIRED' = 'VARIABLE_SYNTAX') {
    super(message)
    this.code = code
  }
}
