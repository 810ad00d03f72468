import type { Subject } from '../../codec/certificate/leaf.ts'
import type { Verdict } from '../../model/replicated.ts'

/** What a record may be made of: plain data that has one encoding. Absent fields are left out, never undefined. */
export type RecordValue =
  | null
  | boolean
  | number
  | string
  | bigint
  | Uint8Array
  | readonly RecordValue[]
  | { readonly [key: string]: RecordValue }

/** The tables of a machine: the type of a record, by the table's name. */
export type Shape = { readonly [table: string]: unknown }

/** State as a step sees it: nothing of it is written to. */
export interface View<Tables extends Shape> {
  get<Name extends keyof Tables & string>(table: Name, key: string): Tables[Name] | undefined
  /** Ascending by UTF-16 units: the order never depends on what led to the state. */
  keys(table: keyof Tables & string): readonly string[]
}

/** A record is put in place of what stands under its key; undefined takes it away. */
export type Write<Tables extends Shape> = {
  readonly [Name in keyof Tables & string]: {
    readonly table: Name
    readonly key: string
    readonly value: Tables[Name] | undefined
  }
}[keyof Tables & string]

/** An effect for the hub or a bucket; it gets its number by target when the step is applied. */
export interface OutgoingEffect<Body> {
  readonly target: 'hub' | number
  readonly body: Body
}

/** What a command makes of a state. A refused command writes nothing and asks for nothing. */
export interface Step<Tables extends Shape, Body> {
  readonly writes: readonly Write<Tables>[]
  readonly verdict: Verdict
  readonly effects: readonly OutgoingEffect<Body>[]
  /** The need that it concerns and its chain head afterwards, or the slot that it made (`slotSubject`); for the leaf. */
  readonly subject?: Subject
}
