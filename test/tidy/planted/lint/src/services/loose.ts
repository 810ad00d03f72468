import { join } from 'node:path'

export function anything(value: any): unknown {
  return value
}

export default anything
