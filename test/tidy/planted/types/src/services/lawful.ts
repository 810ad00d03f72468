/** The shell may use Node. */
export const id: number = process.pid
