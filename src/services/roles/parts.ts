/** One part of a task, for somebody else to do. */
export interface Part {
  readonly label: string
  readonly capability: string
  readonly taskType: string
  readonly input: Uint8Array
}

/** As many as a COMMIT can name. */
const PARTS_MAX = 64
const INPUT_BYTES_MAX = 49_152
const NAME = /^[a-z0-9][a-z0-9._/:@+-]{0,127}$/u

/**
 * What a command says of the parts of its task: JSON { "parts": [{ "capability", "input", "label"?, "task_type"? }] }, texts
 * all of them, 1 to 64 parts. Anything else: why it is not that.
 */
export function readParts(output: Uint8Array): readonly Part[] | string {
  const parts = partsOf(output)
  if (!Array.isArray(parts)) return 'no JSON with a list of parts was printed'
  if (parts.length < 1 || parts.length > PARTS_MAX)
    return `a task has 1 to ${PARTS_MAX} parts, not ${parts.length}`
  const read = parts.map(readPart)
  const bad = read.indexOf(undefined)
  return bad === -1 ? (read as Part[]) : `part ${bad} is not what a part must be`
}

function partsOf(output: Uint8Array): unknown {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(output))
    return typeof value === 'object' && value !== null && 'parts' in value ? value.parts : undefined
  } catch {
    return undefined
  }
}

function readPart(value: unknown, at: number): Part | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { capability, input, label = `part ${at}`, task_type } = value as { readonly [key: string]: unknown }
  if (typeof capability !== 'string' || typeof input !== 'string' || typeof label !== 'string')
    return undefined
  const taskType = task_type ?? capability
  const bytes = new TextEncoder().encode(input)
  const isGood =
    typeof taskType === 'string' &&
    NAME.test(capability) &&
    NAME.test(taskType) &&
    label !== '' &&
    label.length <= 200 &&
    bytes.length <= INPUT_BYTES_MAX
  return isGood ? { label, capability, taskType, input: bytes } : undefined
}
