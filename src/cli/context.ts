/** What a command may use of the process that it runs in; tests give their own. */
export interface Context {
  /** Environment, read once. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** Home directory of the node, an absolute path: `--home`, else $CANSWARM_HOME, else ~/.canswarm. */
  readonly home: string
  /** True when a person can be asked: standard input and error are terminals. */
  readonly interactive: boolean
  /** All of standard input. Refuses more than `bytesMax` bytes with TOO_LARGE. */
  readStdin(bytesMax: number): Promise<Uint8Array>
  /** Asks on the terminal without echo; undefined when the user cancelled. */
  askSecret(question: string): Promise<string | undefined>
}
