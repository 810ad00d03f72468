import type { Bytes } from './build.ts'
import { leb, PREAMBLE } from './build.ts'
import type { Tape } from './tape.ts'

/** A module taken apart far enough that lengths can be made right again after a change. */
interface Parts {
  readonly sections: { id: number; content: number[] }[]
}

function split(bytes: Uint8Array): Parts {
  const sections: Parts['sections'] = []
  for (let at = 8; at < bytes.length; ) {
    const id = bytes[at] as number
    const [size, from] = readLeb(bytes, at + 1)
    sections.push({ id, content: [...bytes.subarray(from, from + size)] })
    at = from + size
  }
  return { sections }
}

function join({ sections }: Parts): Uint8Array {
  return Uint8Array.from([
    ...PREAMBLE,
    ...sections.flatMap(({ id, content }) => [id, ...leb(content.length), ...content]),
  ])
}

function readLeb(bytes: Uint8Array | Bytes, at: number): readonly [value: number, next: number] {
  let value = 0
  for (let shift = 0, next = at; ; shift += 7, next++) {
    const byte = bytes[next] ?? 0
    value += (byte & 0x7f) * 2 ** shift
    if (byte < 0x80) return [value, next + 1]
  }
}

/** Bodies of the code section without their lengths. */
function bodies(content: Bytes): number[][] {
  const found: number[][] = []
  let [count, at] = readLeb(content, 0)
  for (; count > 0 && at < content.length; count--) {
    const [size, from] = readLeb(content, at)
    found.push(content.slice(from, from + size))
    at = from + size
  }
  return found
}

function withBodies(all: readonly Bytes[]): number[] {
  return [...leb(all.length), ...all.flatMap((body) => [...leb(body.length), ...body])]
}

/** Bytes that mean something in many places: opcodes, types, prefixes, ends. */
const TELLING = [
  0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f, 0x10, 0x11, 0x1a, 0x1b, 0x1c, 0x20, 0x21,
  0x22, 0x23, 0x24, 0x28, 0x36, 0x3f, 0x40, 0x41, 0x42, 0x43, 0x44, 0x45, 0x6a, 0x7c, 0x7d, 0x7e, 0x7f, 0x80,
  0x92, 0xa0, 0xbc, 0xc0, 0xfc, 0xfd, 0xfe, 0xff, 0x70, 0x6f, 0x60,
]

/** Some changes to a module, of which many leave its structure whole. */
export function mutated(bytes: Uint8Array, tape: Tape): Uint8Array {
  const parts = split(bytes)
  for (let changes = 1 + tape.below(3); changes > 0; changes--) change(parts, tape)
  const whole = join(parts)
  return tape.below(8) === 7 ? whole.subarray(0, tape.below(whole.length)) : whole
}

function change(parts: Parts, tape: Tape): void {
  const { sections } = parts
  const code = sections.find(({ id }) => id === 10)
  const chosen = tape.below(10)
  if (code !== undefined && chosen < 6) {
    const all = bodies(code.content)
    const body = all[tape.below(Math.max(1, all.length))]
    if (body !== undefined) edit(body, tape)
    code.content = withBodies(all)
    return
  }
  const at = tape.below(Math.max(1, sections.length))
  const section = sections[at]
  if (section === undefined) return
  if (chosen < 8) edit(section.content, tape)
  else if (chosen === 8) sections.splice(tape.below(sections.length), 0, ...sections.splice(at, 1))
  else if (tape.below(2) === 0) sections.splice(at, 1)
  else section.id = tape.below(16)
}

/** Sets, puts in, takes out or copies some bytes. */
function edit(bytes: number[], tape: Tape): void {
  const at = tape.below(Math.max(1, bytes.length))
  switch (tape.below(5)) {
    case 0:
      bytes[at] = tape.pick(TELLING)
      break
    case 1:
      bytes[at] = tape.below(256)
      break
    case 2:
      bytes.splice(at, 0, tape.pick(TELLING))
      break
    case 3:
      bytes.splice(at, 1 + tape.below(4))
      break
    default:
      bytes.splice(at, 0, ...bytes.slice(at, at + 1 + tape.below(12)))
  }
}
