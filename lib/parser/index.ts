export type { BuildKitHeredoc, BuildKitNode, BuildKitTree } from './buildkit-tree.ts'
export { formatBuildKitTree, toBuildKitTree } from './buildkit-tree.ts'
export { detectSyntax, type FoundDirective, findDirective, parseDirectives } from './directives.ts'
export { docComment } from './doc-comment.ts'
export { type Edit, edit } from './edit.ts'
export {
  type Expanded,
  type ExpandOptions,
  type Expansion,
  type ExpansionError,
  expandWord,
  expandWords,
  type VariableSource,
} from './expansion/expand.ts'
export { heredocText } from './heredoc-text.ts'
export { type ParseOptions, parse } from './parse.ts'
export { type ResolvedMount, resolveMount } from './resolve-mount.ts'
export { stringify } from './stringify.ts'
export type * from './types.ts'
