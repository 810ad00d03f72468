/** Unpredictable bytes. In simulation: a named stream of the seed. */
export interface Random {
  bytes(count: number): Uint8Array
}
