/**
 * A function that the host does for Rego: pure, the same on every node for ever, and paid by what it reads and
 * writes. Its behaviour is pinned by tests: a change is a change of what nodes agree on.
 */
export interface Builtin {
  /** As in Rego: `sprintf`. */
  readonly name: string
  /** Gas for a call, whatever it does. */
  readonly gasPerCall: number
  /** Gas for each byte of the arguments' text and of the result. */
  readonly gasPerByte: number
  /**
   * Arguments are texts of Rego values, as the policy's own runtime wrote them: nothing says that they are
   * well-formed. The result is JSON. `spend` takes gas for so many bytes of result before they are made, and throws
   * when there is not enough. Undefined where Rego has it undefined: arguments of wrong number or type.
   */
  run(args: readonly string[], spend: (bytes: number) => void): string | undefined
}
