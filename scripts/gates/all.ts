import { imports } from '../imports.ts'
import { format } from './format.ts'
import type { Gate } from './gate.ts'
import { lint } from './lint.ts'
import { types } from './types.ts'

/** In the order in which they are run and printed: the quick ones first. */
export const GATES: readonly Gate[] = [imports, format, types, lint]
