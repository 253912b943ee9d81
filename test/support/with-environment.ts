/** Runs with a variable of the environment set, and puts it back. */
export async function withEnvironment<T>(name: string, value: string, action: () => Promise<T>): Promise<T> {
  const before = process.env[name]
  process.env[name] = value
  try {
    return await action()
  } finally {
    if (before === undefined) delete process.env[name]
    else process.env[name] = before
  }
}
