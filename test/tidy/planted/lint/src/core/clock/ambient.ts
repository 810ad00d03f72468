import { readFileSync } from 'node:fs'
import * as z from 'zod'

const { random } = Math

export const ambient = [
  Date.now(),
  new globalThis.Date(),
  random(),
  Math.random(),
  Math.sin(1),
  2 + Math.pow(2, 3),
  (1).toLocaleString(),
  'a'.localeCompare('b'),
  new Intl.NumberFormat(),
  new WeakRef({}),
  setTimeout,
  setInterval,
  process,
  crypto,
  performance,
  fetch,
  readFileSync,
  z,
]
