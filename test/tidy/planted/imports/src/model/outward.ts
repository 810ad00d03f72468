import type { Frame } from '../codec/frame/frame.ts'
export type Outer = Frame
