import { stdout } from 'node:process'

const GAP = 2
/** A last column that is narrower than this is no help. */
const LAST_MIN = 24

/** Columns of the terminal; undefined where lines may be as long as they are. */
function terminalWidth(): number | undefined {
  return stdout.isTTY ? stdout.columns : undefined
}

/**
 * Columns padded to their widest cell, two spaces apart; headings in capitals. No rows: headings alone. On a terminal of fewer
 * columns the last cell goes on below its beginning; where there is no room for that, the first cell has a line of its own.
 */
export function table(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  width = terminalWidth(),
): string {
  const all = [headings.map((heading) => heading.toUpperCase()), ...rows]
  const widths = widthsOf(all)
  const [own, before] = [widths.at(-1) ?? 0, sum(widths.slice(0, -1))]
  if (width === undefined || before + own <= width) return all.map((cells) => line(cells, widths)).join('\n')
  if (width - before >= LAST_MIN) return all.map((cells) => hanging(cells, widths, width)).join('\n')
  const rest = widths.slice(1)
  return all.flatMap(([first = '', ...cells]) => [first, `${' '.repeat(GAP)}${line(cells, rest)}`]).join('\n')
}

function widthsOf(all: readonly (readonly string[])[]): readonly number[] {
  const columns = Math.max(...all.map((cells) => cells.length))
  return Array.from({ length: columns }, (_, column) =>
    Math.max(...all.map((cells) => cells[column]?.length ?? 0)),
  )
}

/** With the gap after each. */
function sum(widths: readonly number[]): number {
  return widths.reduce((total, width) => total + width + GAP, 0)
}

function line(cells: readonly string[], widths: readonly number[]): string {
  return cells
    .map((cell, column) => cell.padEnd(widths[column] ?? 0))
    .join(' '.repeat(GAP))
    .trimEnd()
}

function hanging(cells: readonly string[], widths: readonly number[], width: number): string {
  const indent = sum(widths.slice(0, -1))
  const head = line(cells.slice(0, -1), widths).padEnd(indent)
  return wrapped(cells.at(-1) ?? '', width - indent)
    .map((part, at) => `${at === 0 ? head : ' '.repeat(indent)}${part}`.trimEnd())
    .join('\n')
}

/** Words in lines of at most so many characters; a longer word is a line of its own. */
function wrapped(text: string, width: number): readonly string[] {
  const lines = ['']
  for (const word of text.split(' ')) {
    const last = lines.at(-1) ?? ''
    if (last === '') lines[lines.length - 1] = word
    else if (last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines
}

/** One `name  value` line each, values aligned; on a terminal a longer value goes on below its beginning. */
export function fields(
  pairs: readonly (readonly [name: string, value: string])[],
  width = terminalWidth(),
): string {
  const widths = widthsOf(pairs)
  const room = width !== undefined && width - sum(widths.slice(0, 1)) >= LAST_MIN ? width : undefined
  return pairs
    .map((pair) => (room === undefined ? line(pair, widths) : hanging(pair, widths, room)))
    .join('\n')
}
