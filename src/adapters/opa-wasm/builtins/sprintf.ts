import type { Builtin } from './builtin.ts'
import { DirectiveReader, NUMBER_MAX } from './format-directive.ts'
import { formatFloat } from './format-float.ts'
import { formatInteger, integerType } from './format-integer.ts'
import { formatGoText, formatText } from './format-text.ts'
import { FormatWriter, type Layout, PLAIN } from './format-writer.ts'
import { elementsOf, stringOf } from './rego-text.ts'

/** What Rego's values are to Go: all but numbers and strings are the string of their text. */
type Argument =
  | { readonly kind: 'integer'; readonly value: bigint }
  | { readonly kind: 'float'; readonly value: number }
  | { readonly kind: 'string'; readonly value: string }

/**
 * Rego's `sprintf(format, values)`: Go's verbs v d b o O x X c q U T s e E f F g G with flags, width, precision, `*`
 * and `[n]`, and Go's own texts for what does not fit, as in `%!d(string=x)`. Three differences, because the
 * result must be the same on every node and version: `%q` escapes all beyond ASCII; `%p` and `%b %x` of floats are
 * wrong verbs; `#` does nothing to floats. Undefined where the format is no string or the values no array.
 */
export const sprintf: Builtin = {
  name: 'sprintf',
  gasPerCall: 5_000,
  gasPerByte: 20,
  run([format = '', values = ''], spend) {
    const text = stringOf(format)
    const elements = elementsOf(values)
    if (text === undefined || elements === undefined) return undefined
    return JSON.stringify(formatAll(text, elements.map(argumentOf), new FormatWriter(spend)))
  },
}

function argumentOf(text: string): Argument {
  const string = stringOf(text)
  if (string !== undefined) return { kind: 'string', value: string }
  if (/^-?\d+$/.test(text)) return { kind: 'integer', value: BigInt(text) }
  const float = /^-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text) ? Number(text) : Number.NaN
  return Number.isFinite(float) ? { kind: 'float', value: float } : { kind: 'string', value: text }
}

function formatAll(format: string, args: readonly Argument[], out: FormatWriter): string {
  let argument = 0
  let reordered = false
  for (let at = 0; at < format.length; ) {
    const percent = format.indexOf('%', at)
    out.write(format.slice(at, percent === -1 ? undefined : percent))
    if (percent === -1) break
    const reader = new DirectiveReader(format, percent + 1, argument, args.length)
    formatOne(reader, args, out)
    argument = reader.argument
    reordered = reader.reordered
    at = reader.at
  }
  if (!reordered && argument < args.length) writeExtra(args.slice(argument), out)
  return out.text
}

function formatOne(reader: DirectiveReader, args: readonly Argument[], out: FormatWriter): void {
  const layout = reader.flags()
  applyWidth(layout, reader, args, out)
  applyPrecision(layout, reader, args, out)
  const verb = reader.verb()
  if (verb === undefined) return out.write('%!(NOVERB)')
  if (verb === '%') return out.write('%')
  if (!reader.isGood) return out.write(`%!${verb}(BADINDEX)`)
  const argument = args[reader.argument]
  if (argument === undefined) return out.write(`%!${verb}(MISSING)`)
  reader.takeArgument()
  writeArgument(argument, verb, layout, out)
}

function applyWidth(
  layout: Layout,
  reader: DirectiveReader,
  args: readonly Argument[],
  out: FormatWriter,
): void {
  const measure = reader.width()
  if (measure === undefined) return
  const width = measure.kind === 'number' ? measure.value : numberIn(takenBy(reader, args))
  if (width === undefined) return out.write('%!(BADWIDTH)')
  layout.width = Math.abs(width)
  if (width >= 0) return
  layout.minus = true
  layout.zero = false
}

function applyPrecision(
  layout: Layout,
  reader: DirectiveReader,
  args: readonly Argument[],
  out: FormatWriter,
): void {
  const measure = reader.precision()
  if (measure === undefined) return
  const precision = measure.kind === 'number' ? measure.value : numberIn(takenBy(reader, args))
  if (precision === undefined || precision < 0) return out.write('%!(BADPREC)')
  layout.precision = precision
}

function takenBy(reader: DirectiveReader, args: readonly Argument[]): Argument | undefined {
  return reader.argument < args.length ? args[reader.takeArgument()] : undefined
}

function numberIn(argument: Argument | undefined): number | undefined {
  if (argument?.kind !== 'integer') return undefined
  const number = Number(argument.value)
  return Math.abs(number) <= NUMBER_MAX ? number : undefined
}

/** `%v` and `%w` take `#` and `+` as other flags than those of layout; for `%+v` there is nothing to add. */
function writeArgument(argument: Argument, verb: string, layout: Layout, out: FormatWriter): void {
  if (verb === 'T') return void formatText(out, typeOf(argument), 's', layout)
  const isGoSyntax = (verb === 'v' || verb === 'w') && layout.sharp
  const isBig = argument.kind === 'integer' && integerType(argument.value) !== 'int64'
  if ((verb === 'v' || verb === 'w') && !isBig) {
    layout.sharp = false
    layout.plus = false
  }
  if (isGoSyntax && argument.kind === 'string' && verb === 'v')
    return formatGoText(out, argument.value, layout)
  if (!writeByVerb(argument, verb, layout, out)) writeWrongVerb(argument, verb, layout, out)
}

function writeByVerb(argument: Argument, verb: string, layout: Readonly<Layout>, out: FormatWriter): boolean {
  switch (argument.kind) {
    case 'integer':
      return formatInteger(out, argument.value, verb, layout)
    case 'float':
      return formatFloat(out, argument.value, verb, layout)
    case 'string':
      return formatText(out, argument.value, verb, layout)
    default:
      return argument satisfies never
  }
}

function writeWrongVerb(argument: Argument, verb: string, layout: Readonly<Layout>, out: FormatWriter): void {
  if (argument.kind === 'integer' && integerType(argument.value) !== 'int64') {
    return out.write(`%!${verb}(${verb === 'w' ? '*' : ''}big.Int=${argument.value})`)
  }
  out.write(`%!${verb}(${typeOf(argument)}=`)
  writeByVerb(argument, 'v', layout, out)
  out.write(')')
}

function writeExtra(args: readonly Argument[], out: FormatWriter): void {
  out.write('%!(EXTRA ')
  for (const [at, argument] of args.entries()) {
    out.write(`${at === 0 ? '' : ', '}${typeOf(argument)}=`)
    writeByVerb(argument, 'v', PLAIN, out)
  }
  out.write(')')
}

function typeOf(argument: Argument): string {
  if (argument.kind === 'integer') return integerType(argument.value)
  return argument.kind === 'float' ? 'float64' : 'string'
}
