/** The shell may read a clock. */
export function now(): number {
  return Date.now() + Math.random() + Math.sin(1)
}
