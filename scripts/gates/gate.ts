import { spawn } from 'node:child_process'
import { join } from 'node:path'

/** One violation: the file (from the root, with `/`), or the root's own '.', and what is wrong in it. */
export interface Problem {
  readonly file: string
  readonly message: string
}

/**
 * One rule about the repository. `run` reads the tree at `root` (node_modules beside it) and returns what
 * breaks the rule; nothing when all is well. It throws when it could not judge: a tool that crashed or
 * that read no file is never taken for a tool that found nothing.
 */
export interface Gate {
  readonly name: string
  readonly about: string
  readonly run: (root: string) => Promise<readonly Problem[]>
}

export interface ToolRun {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs a JavaScript tool of node_modules under this Node, in `root`. Throws when it was killed. */
export async function runTool(root: string, script: string, args: readonly string[]): Promise<ToolRun> {
  const child = spawn(process.execPath, [join(root, 'node_modules', script), ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0' },
  })
  const [stdout, stderr, code] = await Promise.all([
    read(child.stdout),
    read(child.stderr),
    new Promise<number | null>((done, fail) => {
      child.once('error', fail)
      child.once('close', done)
    }),
  ])
  if (code === null) throw new Error(`${script} was killed: ${stderr}`)
  return { code, stdout, stderr }
}

/** What a tool printed as JSON; undefined when it printed something else. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // the caller says what the tool printed instead
  }
}

/** The error of a tool whose output could not be understood, with enough of it to see why. */
export function unreadable(tool: string, { code, stdout, stderr }: ToolRun): Error {
  return new Error(`${tool} exited with ${code} and said: ${`${stdout}\n${stderr}`.trim().slice(0, 2000)}`)
}

async function read(stream: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks).toString('utf8')
}
