// Cases that a parser should handle, as a question to both parsers.
import {
  type Copy as AstCopy,
  type Dockerfile as AstDockerfile,
  type Env as AstEnv,
  DockerfileParser,
} from 'dockerfile-ast'
import { type Dockerfile, expandWord, parse, stringify } from '../lib/parser/index.ts'

export interface ParserCase {
  readonly name: string
  readonly text: string
  readonly ours: (tree: Dockerfile) => boolean
  readonly theirs: (tree: AstDockerfile) => boolean
}

export const parserCases: readonly ParserCase[] = [
  {
    name: 'an instruction inside of a heredoc is none',
    text: 'FROM a\nRUN <<EOF\nFROM b\nEOF\nUSER c\n',
    ours: (tree) => tree.instructions.length === 3,
    theirs: (tree) => tree.getInstructions().length === 3,
  },
  {
    name: 'two heredocs in one COPY',
    text: 'FROM a\nCOPY <<A <<B /\n1\nA\n2\nB\nUSER c\n',
    ours: (tree) => tree.instructions.length === 3 && tree.instructions[1]?.heredocs.length === 2,
    theirs: (tree) => {
      const [, copy] = tree.getInstructions()
      return tree.getInstructions().length === 3 && (copy as AstCopy).getHeredocs().length === 2
    },
  },
  {
    name: 'a delimiter in quotes, with tabs before the end (`<<-"EOF"`)',
    text: 'FROM a\nRUN <<-"EOF"\n\tx\n\tEOF\nUSER c\n',
    ours: (tree) => tree.instructions.length === 3,
    theirs: (tree) => tree.getInstructions().length === 3,
  },
  {
    name: 'the variable of `${V%.*}`',
    text: 'FROM a\nENV A=${V%.*}\n',
    ours: ({ stages }) => variablesOf(stages[0]?.instructions[0]).join() === 'V',
    theirs: (tree) => namesIn(tree) === 'V',
  },
  {
    name: 'both variables of `${A:-${B:-c}}`',
    text: 'FROM a\nENV X=${A:-${B:-c}}\n',
    ours: ({ stages }) => variablesOf(stages[0]?.instructions[0]).join() === 'A,B',
    theirs: (tree) => namesIn(tree) === 'A,B',
  },
  {
    name: 'a default with a space in quotes (`${A:-"b c"}`)',
    text: 'FROM a\nENV X=${A:-"b c"} Y=1\n',
    ours: ({ stages: [stage] }) => stage?.instructions[0]?.kind === 'ENV' && stage.instructions[0].pairs.length === 2,
    theirs: (tree) => (tree.getInstructions()[1] as AstEnv).getProperties().length === 2,
  },
  {
    name: 'the old form `ENV a b c`',
    text: 'FROM a\nENV k b c\n',
    ours: ({ stages: [stage] }) =>
      stage?.instructions[0]?.kind === 'ENV' && stage.instructions[0].pairs[0]?.value.value === 'b c',
    theirs: (tree) => (tree.getInstructions()[1] as AstEnv).getProperties()[0]?.getValue() === 'b c',
  },
  {
    name: '`# check=` is a directive',
    text: '# check=skip=all\nFROM a\n',
    ours: (tree) => tree.directives[0]?.name === 'check',
    theirs: (tree) => tree.getDirectives().some((directive) => directive.getName().toLowerCase() === 'check'),
  },
  {
    name: '`# escape=` with a backtick',
    text: '# escape=`\nFROM a\nRUN b `\n  c\nUSER d\n',
    ours: (tree) => tree.instructions.length === 3,
    theirs: (tree) => tree.getInstructions().length === 3,
  },
  {
    name: 'comments and empty lines inside of a continuation',
    text: 'FROM a\nRUN b \\\n# c\n\n  d\nUSER e\n',
    ours: (tree) => tree.instructions.length === 3 && tree.comments.length === 1,
    theirs: (tree) => tree.getInstructions().length === 3 && tree.getComments().length === 1,
  },
  {
    name: 'an option of `RUN --mount`',
    text: 'FROM a\nRUN --mount=type=secret,id=b c\n',
    ours: ({ stages: [stage] }) => {
      const run = stage?.instructions[0]
      return (
        run?.kind === 'RUN' && run.mounts[0]?.options.some(({ key, value }) => key === 'id' && value === 'b') === true
      )
    },
    theirs: (tree) => optionsIn(tree).includes('id=b'),
  },
  {
    name: 'errors are reported',
    text: 'FROM a\nCOPY b\n',
    ours: (tree) => tree.diagnostics.length === 1,
    theirs: (tree) => 'diagnostics' in tree || 'getDiagnostics' in tree || 'getErrors' in tree,
  },
  {
    name: 'the tree prints back to the same text',
    text: '# escape=`\n\tFROM  a`\n AS b # c\n',
    ours: (tree) => stringify(tree) === tree.file.text,
    theirs: (tree) => String(tree) === '# escape=`\n\tFROM  a`\n AS b # c\n',
  },
]

/** The answer of each parser to a case. A parser that throws counts as wrong. */
export function tryCase({ text, ours, theirs }: ParserCase): readonly [ours: boolean, theirs: boolean] {
  return [attempt(() => ours(parse(text))), attempt(() => theirs(DockerfileParser.parse(text)))]
}

function attempt(check: () => boolean): boolean {
  try {
    return check()
  } catch {
    return false
  }
}

function variablesOf(instruction: Dockerfile['instructions'][number] | undefined): string[] {
  if (instruction?.kind !== 'ENV') return []
  return instruction.pairs.flatMap(({ value }) => {
    const expanded = expandWord(value.value, new Map())
    return 'error' in expanded ? [] : [...expanded.unset].sort()
  })
}

const namesIn = (tree: AstDockerfile): string =>
  (tree.getInstructions()[1]?.getVariables() ?? []).map((variable) => variable.getName()).join()

function optionsIn(tree: AstDockerfile): string[] {
  const run = tree.getInstructions()[1]
  const flags = run && 'getFlags' in run ? (run as AstCopy).getFlags() : []
  return flags.flatMap((flag) => flag.getOptions().map((option) => `${option.getName()}=${option.getValue()}`))
}
