/** True when each text is greater than the one before it, by UTF-16 units. */
export function isAscending(texts: readonly string[]): boolean {
  return texts.every((text, at) => at === 0 || (texts[at - 1] as string) < text)
}
