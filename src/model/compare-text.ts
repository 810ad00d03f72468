/** Orders texts by UTF-16 code unit, ascending: the same on every machine. For ASCII, the order of the bytes. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
