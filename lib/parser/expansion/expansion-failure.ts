/** Thrown inside the expansion and caught at its door: callers get a value. */
export class ExpansionFailure extends Error {
  readonly code: 'VARIABLE_SYNTAX' | 'VARIABLE_REQUIRED'
  constructor(message: string, code: 'VARIABLE_SYNTAX' | 'VARIABLE_REQUIRED' = 'VARIABLE_SYNTAX') {
    super(message)
    this.code = code
  }
}
