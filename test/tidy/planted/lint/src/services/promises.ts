async function work(): Promise<void> {
  await Promise.resolve()
}

export function floating(): void {
  work()
}

export function misused(list: readonly number[]): void {
  list.forEach(async () => {
    await work()
  })
}
