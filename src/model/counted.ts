/** So many of something, in words: `1 peer`, `2 peers`; `many` where its plural has no s. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`
}
