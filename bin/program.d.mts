export function buildsIn(root: string): string
export function entryOf(root: string, key: string): string
export function programOf(root: string): URL
export function sourceKey(root: string): string
