import type { BodyFacts } from './body-scanner.ts'
import type { ChargePlan } from './charge-plan.ts'
import { EVENT, type EventLog, LOOP_CALLS } from './events.ts'
import { GasCode } from './gas-code.ts'
import { F32, F64, I32, I64 } from './value-type.ts'
import { Writer } from './writer.ts'

/** What the code put in refers to: indexes of globals and functions. */
export interface Injection {
  readonly gasGlobal: number
  readonly stackGlobal: number
  /** Charge for what `memory.grow` asks for. */
  readonly growFunction: number
  /** Charge for what a copy, fill or init writes. */
  readonly moveFunction: number
  /** Functions below this index are the host's. */
  readonly importedFunctions: number
  /** Some function in a table is the host's. */
  readonly hostInTable: boolean
}

/** How one function is entered and left. */
export interface BodyRole {
  readonly index: number
  /** Slots to take from the stack at the entry and to give back at every exit; 0 where entries are not counted. */
  readonly slots: number
  /** The host can call it: the gas left is looked at before it gets control back. */
  readonly entered: boolean
  /** Type of the block around the body, needed where an exit has something to do. */
  readonly blockType: number
}

interface Frame {
  /** Row that opened it; -1 for the body. */
  readonly open: number
  readonly kind: number
  /** Every way to the label, so far, comes with the gas left in the local. */
  known: boolean
  /** As it was at the start of the arms of an `if`. */
  readonly knownBefore: boolean
  hasElse: boolean
  /** Charges inside are looked at, each one. */
  readonly looks: boolean
}

/**
 * Writes bodies again with everything put in. Code that cannot be reached is left out.
 *
 * The gas left is in a global, and after each charge also in a local, from which the next charge takes it unless a call
 * came between. It is looked at (and a trap made when it is below 0) at the charge of a function's entry or a loop's
 * start, before a call of the host, and before the host gets control back. Where there is no such charge, all charges of
 * the loop are looked at, and all of the function if it calls. So between two looks runs at most one pass over the code
 * of one function, and nobody outside ever sees work that was not paid.
 */
export class BodyWriter {
  readonly #bytes: Uint8Array
  readonly #log: EventLog
  readonly #plan: ChargePlan
  readonly #injection: Injection
  readonly #out = new Writer(4096)
  readonly #gas: GasCode
  /** Charges written so far, in all bodies. */
  charges = 0
  #gasLocal = 0
  #stackLocal = 0
  #local32 = 0
  #local64 = 0
  #known = false
  #reachable = true
  #wrapped = false
  /** Up to where the module's own bytes are written. */
  #copied = 0
  readonly #frames: Frame[] = []

  constructor(bytes: Uint8Array, log: EventLog, plan: ChargePlan, injection: Injection) {
    this.#bytes = bytes
    this.#log = log
    this.#plan = plan
    this.#injection = injection
    this.#gas = new GasCode(this.#out, injection.gasGlobal, injection.stackGlobal)
  }

  /** The body without its length. The writer is used again for the next one. */
  write(body: BodyFacts, role: BodyRole): Writer {
    const out = this.#out
    const entry = this.#plan.entry[role.index] as number
    out.clear()
    this.#writeLocals(body, role)
    this.#known = false
    this.#reachable = true
    this.#wrapped = role.slots > 0 || role.entered
    this.#copied = body.codeAt
    this.#frames.length = 0
    if (role.slots > 0) this.#gas.takeStack(role.slots, this.#stackLocal)
    if (this.#wrapped) this.#block(role.blockType)
    this.#charge(entry, true)
    this.#open(-1, EVENT.block, entry === 0 && body.calls)
    for (let row = body.first; row < body.last; row++) this.#event(row)
    if (this.#wrapped) this.#writeExit(role)
    return out
  }

  /** The module's own locals, then those of the code put in that is needed here. */
  #writeLocals(body: BodyFacts, role: BodyRole): void {
    const out = this.#out
    const types = [I64]
    const add = (type: number): number => body.locals + types.push(type) - 1
    this.#gasLocal = body.locals
    if (role.slots > 0) this.#stackLocal = add(I32)
    if (body.floats32) this.#local32 = add(F32)
    if (body.floats64) this.#local64 = add(F64)
    out.unsigned(body.localGroups + types.length)
    out.copy(this.#bytes, body.localsAt, body.codeAt)
    for (const type of types) out.copy(Uint8Array.of(1, type))
  }

  #block(type: number): void {
    this.#out.byte(EVENT.block)
    if (type < 0) this.#out.byte(-type)
    else this.#out.signed(type)
  }

  /** Behind the block around the body, to which every `return` and every branch out of the body has come. */
  #writeExit(role: BodyRole): void {
    if (role.entered) this.#gas.checkGas(this.#gasLocal, false)
    if (role.slots > 0) this.#gas.giveStack(this.#stackLocal)
    this.#out.byte(EVENT.end)
  }

  #charge(cost: number, look: boolean): void {
    if (cost === 0) return
    this.charges++
    this.#gas.charge(cost, this.#gasLocal, this.#known)
    this.#known = true
    if (look) this.#gas.checkGas(this.#gasLocal, true)
  }

  #chargeAfter(row: number): void {
    this.#charge(this.#plan.after[row] as number, this.#looks())
  }

  #copyTo(at: number): void {
    this.#out.copy(this.#bytes, this.#copied, at)
    this.#copied = at
  }

  #open(open: number, kind: number, looks: boolean): void {
    this.#frames.push({ open, kind, known: true, knownBefore: this.#known, hasElse: false, looks })
  }

  #looks(): boolean {
    return this.#frames.at(-1)?.looks === true
  }

  #event(row: number): void {
    const log = this.#log
    const op = log.op(row)
    if (!this.#reachable) this.#copied = log.at(row) // what stands between cannot be reached
    switch (op) {
      case EVENT.loop:
        return this.#loop(row)
      case EVENT.else:
        return this.#else(row)
      case EVENT.end:
        return this.#end(row)
      case EVENT.brIf:
        return this.#brIf(row)
      case EVENT.return:
        return this.#return(row)
      case EVENT.call:
      case EVENT.callIndirect:
        return this.#call(row, op)
      case EVENT.grow:
      case EVENT.move:
        this.#copyTo(log.at(row))
        this.#callFunction(op === EVENT.grow ? this.#injection.growFunction : this.#injection.moveFunction)
        break
    }
    this.#copyTo(log.next(row))
    switch (op) {
      case EVENT.block:
        return this.#open(row, op, this.#looks())
      case EVENT.if:
        this.#open(row, op, this.#looks())
        return this.#chargeAfter(row)
      case EVENT.br:
        this.#goTo(log.aux(row))
        return this.#leave()
      case EVENT.brTable:
        for (const depth of this.#targets(row)) this.#goTo(depth)
        return this.#leave()
      case EVENT.unreachable:
        return this.#leave()
      case EVENT.float32:
        if (log.aux(row) === 1) this.#gas.canonicalNan(F32, this.#local32)
        return
      case EVENT.float64:
        if (log.aux(row) === 1) this.#gas.canonicalNan(F64, this.#local64)
    }
  }

  /** The local is made to hold the gas left all through a loop that calls nothing. */
  #loop(row: number): void {
    const log = this.#log
    this.#copyTo(log.at(row))
    const calls = (log.aux(row) & LOOP_CALLS) !== 0
    if (!calls && !this.#known) this.#gas.loadGas(this.#gasLocal)
    this.#known = !calls
    this.#copyTo(log.next(row))
    const cost = this.#plan.after[row] as number
    this.#open(row, EVENT.loop, cost === 0 || this.#looks())
    this.#charge(cost, true)
  }

  #else(row: number): void {
    const frame = this.#frames.at(-1) as Frame
    this.#copyTo(this.#log.next(row))
    if (this.#reachable) frame.known &&= this.#known
    frame.hasElse = true
    this.#reachable = true
    this.#known = frame.knownBefore
    this.#chargeAfter(row)
  }

  #end(row: number): void {
    const frame = this.#frames.pop() as Frame
    this.#copyTo(this.#log.at(row))
    if (this.#reachable) frame.known &&= this.#known
    if (frame.kind === EVENT.if && !frame.hasElse) this.#missingElse(frame)
    this.#copyTo(this.#log.next(row))
    // the label of a loop is at its start: only falling out of it comes here
    this.#known = frame.kind === EVENT.loop ? this.#reachable && this.#known : frame.known
    this.#reachable = true
    if (frame.open >= 0) this.#chargeAfter(row)
  }

  #missingElse(frame: Frame): void {
    this.#known = frame.knownBefore
    const cost = this.#plan.aside[frame.open] as number
    if (cost > 0) this.#out.byte(EVENT.else)
    this.#charge(cost, this.#looks())
    frame.known &&= this.#known
  }

  #brIf(row: number): void {
    const log = this.#log
    const depth = log.aux(row)
    const cost = this.#plan.aside[row] as number
    if (cost > 0) {
      this.#copyTo(log.at(row))
      this.#payAndGo(depth, cost)
      this.#copied = log.next(row)
    } else {
      this.#copyTo(log.next(row))
      this.#goTo(depth)
    }
    this.#chargeAfter(row)
  }

  /** Instead of `br_if`, on its condition: pay and go. */
  #payAndGo(depth: number, cost: number): void {
    const out = this.#out
    const known = this.#known
    out.byte(EVENT.if)
    out.byte(0x40)
    this.#charge(cost, this.#looks())
    out.byte(EVENT.br)
    out.unsigned(depth + 1)
    this.#goTo(depth)
    out.byte(EVENT.end)
    this.#known = known
  }

  #return(row: number): void {
    if (this.#wrapped) {
      this.#copyTo(this.#log.at(row))
      this.#out.byte(EVENT.br)
      this.#out.unsigned(this.#frames.length - 1)
      this.#copied = this.#log.next(row)
    } else this.#copyTo(this.#log.next(row))
    this.#leave()
  }

  #call(row: number, op: number): void {
    const { importedFunctions, hostInTable } = this.#injection
    const toHost = op === EVENT.call ? this.#log.aux(row) < importedFunctions : hostInTable
    if (toHost) {
      this.#copyTo(this.#log.at(row))
      this.#gas.checkGas(this.#gasLocal, this.#known)
    }
    this.#copyTo(this.#log.next(row))
    this.#known = false
  }

  #callFunction(index: number): void {
    this.#out.byte(EVENT.call)
    this.#out.unsigned(index)
    this.#known = false
  }

  #goTo(depth: number): void {
    const frame = this.#frames[this.#frames.length - 1 - depth] as Frame
    frame.known &&= this.#known
  }

  #leave(): void {
    this.#reachable = false
  }

  /** Labels of a `br_table`, read once more from its bytes, which were checked. */
  #targets(row: number): readonly number[] {
    const targets: number[] = []
    let value = 0
    let shift = 0
    for (let at = this.#log.at(row) + 1; at < this.#log.next(row); at++) {
      const byte = this.#bytes[at] as number
      value |= (byte & 0x7f) << shift
      shift += 7
      if (byte < 0x80) {
        targets.push(value)
        value = 0
        shift = 0
      }
    }
    return targets.slice(1) // the first number counts them
  }
}
