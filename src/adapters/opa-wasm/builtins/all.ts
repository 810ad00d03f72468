import type { Builtin } from './builtin.ts'
import { sprintf } from './sprintf.ts'

/** Every function that a policy may ask of the host. */
export const BUILTINS: readonly Builtin[] = [sprintf]
