import { imports } from '../imports.ts'
import { licences } from '../licences.ts'
import { sizeBudget } from '../size-budget.ts'
import { container } from './container.ts'
import { deadCode } from './dead-code.ts'
import { documents } from './documents.ts'
import { fileSize } from './file-size.ts'
import { format } from './format.ts'
import type { Gate } from './gate.ts'
import { lint } from './lint.ts'
import { pins } from './pins.ts'
import { types } from './types.ts'
import { words } from './words.ts'

/** In the order in which they are run and printed: the quick ones first. */
export const GATES: readonly Gate[] = [
  imports,
  pins,
  sizeBudget,
  licences,
  fileSize,
  container,
  documents,
  words,
  format,
  types,
  lint,
  deadCode,
]
