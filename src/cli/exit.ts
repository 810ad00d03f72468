/** Exit codes of `canswarm`. Source: operations.md, "CLI". */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  noDaemon: 3,
  refused: 4,
  timedOut: 5,
  mismatch: 6,
  store: 7,
  /** As a shell says that Ctrl-C ended it. */
  interrupted: 130,
} as const
