const TERMS = 12

/**
 * Natural logarithm of a positive, finite number, to about 15 digits; by plain arithmetic, which gives the same bits on every
 * machine, where the platform's own function does not have to. Source: ln m = 2 artanh((m - 1) / (m + 1)).
 */
export function logarithm(x: number): number {
  let m = x
  let twos = 0
  while (m > Math.SQRT2) {
    m /= 2
    twos += 1
  }
  while (m < Math.SQRT1_2) {
    m *= 2
    twos -= 1
  }
  const s = (m - 1) / (m + 1)
  let sum = 0
  for (let term = TERMS; term >= 0; term -= 1) sum = sum * s * s + 1 / (2 * term + 1)
  return twos * Math.LN2 + 2 * s * sum
}
