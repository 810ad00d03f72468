import { assert } from '../../../model/fault.ts'
import { logarithm } from './logarithm.ts'

type Uniform = () => number

/** A draw of Beta(a, b), a and b at least 1: two gamma draws. */
export function betaSample(a: number, b: number, random: Uniform): number {
  const x = gammaSample(a, random)
  return x / (x + gammaSample(b, random))
}

/** A draw of Gamma(shape, 1), shape at least 1. Source: Marsaglia and Tsang, "A Simple Method for Generating Gamma Variables" (2000). */
function gammaSample(shape: number, random: Uniform): number {
  assert(shape >= 1, 'a posterior begins at 1')
  const d = shape - 1 / 3
  const c = 1 / Math.sqrt(9 * d)
  for (;;) {
    const x = normalSample(random)
    const root = 1 + c * x
    if (root <= 0) continue
    const v = root * root * root
    if (logarithm(1 - random()) < 0.5 * x * x + d - d * v + d * logarithm(v)) return d * v
  }
}

/** A draw of the standard normal distribution, by the polar method, which needs no sine. */
function normalSample(random: Uniform): number {
  for (;;) {
    const x = 2 * random() - 1
    const y = 2 * random() - 1
    const square = x * x + y * y
    if (square > 0 && square < 1) return x * Math.sqrt((-2 * logarithm(square)) / square)
  }
}
