/** A rule's page, relative to the project's root. */
export const ruleUrl = (name: string): string => `docs/rules/${name}.md`
