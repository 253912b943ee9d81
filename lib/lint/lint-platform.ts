export interface LintPlatform {
  readonly os: string
  readonly architecture: string
  readonly variant?: string
}
