import type { BodyFacts } from './body-scanner.ts'
import { EVENT, type EventLog, LABEL_UNPAID, LOOP_PAID_BACK, labelOfBody } from './events.ts'

/**
 * A function that is only called by name has its entry paid by its callers, up to this much: so a small function
 * holds no charge at all, and what one place pays stays in proportion to the code behind it.
 */
const PREPAID_MAX = 256

/** Walks after which a body with loops inside loops is taken as it is, every loop paying at its start. */
const WALKS_MAX = 8

/** A label that is open, on the way backwards through a body. */
interface Label {
  /** What whoever branches here has paid of what follows. */
  readonly prepaid: number
  /** Row of the `else`, -1 without one, and the potential of the arm behind it. */
  elseRow: number
  elsePotential: number
}

/**
 * Where bodies pay for their instructions.
 *
 * Each place of the code has a potential: the least cost with which the function can end from there. Whoever gets to a
 * place has paid for all that ran and for its potential. So an entry pays the potential of the first instruction; where
 * ways part, the cheapest is free and each other one pays what it costs more; where ways join nobody pays. Charges on
 * any way through add up to the cost of its instructions, none is negative, and none comes after what it pays for.
 *
 * 1. `if`: the dearer arm pays at its start; an `else` that is missing and dearer is put in.
 * 2. `br_if`: going pays before it goes, or staying pays after; whichever is dearer.
 * 3. All labels of a `br_table` are prepaid alike: what the cheapest needs. The others pay the rest behind the label.
 *    Of a label that `br_if` with operands goes to nothing is prepaid.
 * 4. A loop that is left and entered again by plain `br` alone hands its potential around; any other pays at its start.
 * 5. A call costs 1 and what its callee left to its callers.
 */
export class ChargePlan {
  readonly #log: EventLog
  /** By row: to pay behind the instruction, which is at the start of an arm or loop, when staying, behind a label. */
  readonly after: Int32Array
  /** By row: to pay for going (`br_if`), or in the `else` that is put in (`if`). */
  readonly aside: Int32Array
  /** By function index: to pay at its entry. */
  readonly entry: Int32Array
  /** By function index: what callers pay for its entry. */
  readonly #prepaid: Int32Array
  /** Potentials of the loops that hand theirs around, by row, in the body under way. They only fall, walk by walk. */
  readonly #kept = new Map<number, number>()
  /** What the labels of a `br_table` are prepaid, by the label that stands for them; falls in the same way. */
  readonly #levels = new Map<number, number>()
  #settled = true

  constructor(log: EventLog, functions: number) {
    this.#log = log
    this.after = new Int32Array(log.count)
    this.aside = new Int32Array(log.count)
    this.entry = new Int32Array(functions)
    this.#prepaid = new Int32Array(functions)
  }

  /** Plans function `index`, after those that it calls and that leave something to their callers. */
  plan(index: number, body: BodyFacts, leavesToCallers: boolean): void {
    this.#kept.clear()
    this.#levels.clear()
    let potential = this.#walk(body, true)
    for (let walks = 1; !this.#settled; walks++) {
      if (walks === WALKS_MAX) this.#giveUp()
      potential = this.#walk(body, false)
    }
    if (leavesToCallers && potential <= PREPAID_MAX) this.#prepaid[index] = potential
    else this.entry[index] = potential
  }

  #giveUp(): void {
    this.#kept.clear()
    for (const group of this.#levels.keys()) this.#levels.set(group, 0)
  }

  /**
   * Backwards from the end to the start, whose potential it gives. On the first walk branches back cost endlessly much:
   * the shortest way out of a loop does not go around it.
   */
  #walk(body: BodyFacts, first: boolean): number {
    const log = this.#log
    const labels: Label[] = []
    let potential = 0
    this.#settled = true
    for (let row = body.last - 1; row >= body.first; row--) {
      const op = log.op(row)
      if (op === EVENT.end) potential = this.#end(row, potential, labels, body, first)
      else if (op === EVENT.else) potential = elseArm(row, potential, labels)
      else if (op === EVENT.loop) potential = this.#loop(row, potential, labels, first)
      else potential = this.#before(row, op, potential, labels)
      potential += log.plain(row)
    }
    return potential
  }

  #end(row: number, potential: number, labels: Label[], body: BodyFacts, first: boolean): number {
    const log = this.#log
    const open = log.mate(row)
    const group = log.groupOf(open < 0 ? labelOfBody(body.first) : open)
    if (open >= 0 && log.op(open) === EVENT.loop) {
      const endless = first && (log.aux(open) & LOOP_PAID_BACK) !== 0
      if (endless) this.#settled = false
      labels.push(newLabel(endless ? Infinity : (this.#kept.get(open) ?? 0)))
      if (group !== undefined) this.#level(group, 0)
      return potential
    }
    let prepaid = (log.aux(row) & LABEL_UNPAID) === 0 ? potential : 0
    if (group !== undefined) prepaid = Math.min(this.#level(group, prepaid), prepaid)
    this.after[row] = potential - prepaid
    labels.push(newLabel(prepaid))
    return prepaid
  }

  /** What the labels of the group are prepaid, now that one of them cannot be prepaid more than `most`. */
  #level(group: number, most: number): number {
    const level = this.#levels.get(group) ?? Infinity
    if (most >= level) return level
    this.#levels.set(group, most)
    this.#settled = false
    return most
  }

  #loop(row: number, potential: number, labels: Label[], first: boolean): number {
    labels.pop()
    const before = this.#kept.get(row)
    const found = first && (this.#log.aux(row) & LOOP_PAID_BACK) !== 0 && potential !== Infinity
    if (found) this.#kept.set(row, potential)
    if (before !== undefined && potential < before) {
      this.#kept.set(row, potential)
      this.#settled = false
    }
    const kept = this.#kept.get(row) ?? 0
    this.after[row] = potential - kept
    return kept
  }

  /** The potential in front of an event, from the one behind it. */
  #before(row: number, op: number, potential: number, labels: Label[]): number {
    switch (op) {
      case EVENT.block:
        labels.pop()
        return potential
      case EVENT.if:
        return 1 + this.#if(row, potential, labels.pop() as Label)
      case EVENT.br:
        return 1 + this.#target(row, labels).prepaid
      case EVENT.brIf: {
        const { prepaid } = this.#target(row, labels)
        const least = Math.min(potential, prepaid)
        this.after[row] = potential - least
        this.aside[row] = prepaid - least
        return 1 + least
      }
      case EVENT.brTable:
        return 1 + (this.#levels.get(this.#log.groupOf(this.#log.aux(row)) ?? row) ?? Infinity)
      case EVENT.return:
      case EVENT.unreachable:
        return 1
      case EVENT.call:
        return 1 + potential + (this.#prepaid[this.#log.aux(row)] as number)
      default:
        return 1 + potential
    }
  }

  #if(row: number, then: number, label: Label): number {
    const otherwise = label.elseRow < 0 ? label.prepaid : label.elsePotential
    const least = Math.min(then, otherwise)
    this.after[row] = then - least
    if (label.elseRow < 0) this.aside[row] = otherwise - least
    else this.after[label.elseRow] = otherwise - least
    return least
  }

  #target(row: number, labels: readonly Label[]): Label {
    return labels[labels.length - 1 - this.#log.aux(row)] as Label
  }
}

function newLabel(prepaid: number): Label {
  return { prepaid, elseRow: -1, elsePotential: 0 }
}

/** Going back from an `else` to the end of the arm before it. */
function elseArm(row: number, potential: number, labels: readonly Label[]): number {
  const label = labels.at(-1) as Label
  label.elseRow = row
  label.elsePotential = potential
  return label.prepaid
}
