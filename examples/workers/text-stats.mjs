#!/usr/bin/env node
// A worker: statistics of a text. It reads its task as JSON on standard input and the text from the file that the
// task names, and prints canonical JSON. The same text gives the same bytes everywhere, so that whoever does the work
// again can compare. Nothing but Node is needed; text-stats.wasm does the same for the WebAssembly runner.
import { createHash } from 'node:crypto'
import { readFileSync, realpathSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const FREQUENT_MAX = 10
/** No letters: general punctuation, symbols from arrows on, CJK punctuation. */
const SEPARATORS = [
  [0x2000, 0x206f],
  [0x2190, 0x2bff],
  [0x3000, 0x303f],
]

/**
 * Canonical JSON: keys and the most frequent words in order of their bytes, words of one count likewise, no spaces.
 * A line ends with a line feed, or with the text; a word is a row of letters and digits, ASCII in lower case. Throws a
 * TypeError for what is not UTF-8.
 */
export function textStatistics(bytes) {
  const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  const counts = new Map()
  const found = { characters: 0, feeds: 0, words: 0, word: '' }
  const endWord = () => {
    if (found.word === '') return
    found.words++
    counts.set(found.word, (counts.get(found.word) ?? 0) + 1)
    found.word = ''
  }
  for (const character of text) {
    found.characters++
    if (character === '\n') found.feeds++
    const code = character.codePointAt(0)
    if (isOfWord(code)) found.word += code < 0x80 ? character.toLowerCase() : character
    else endWord()
  }
  endWord()
  return JSON.stringify({
    bytes: bytes.length,
    characters: found.characters,
    frequent: mostFrequent(counts),
    lines: found.feeds + (text === '' || text.endsWith('\n') ? 0 : 1),
    sha256: createHash('sha256').update(bytes).digest('hex'),
    v: 1,
    words: found.words,
  })
}

function isOfWord(code) {
  if (code < 0x80)
    return (code >= 48 && code <= 57) || (code >= 65 && code <= 90) || (code >= 97 && code <= 122)
  return code >= 0xc0 && !SEPARATORS.some(([from, to]) => code >= from && code <= to)
}

function mostFrequent(counts) {
  return [...counts]
    .sort(([a, first], [b, second]) => second - first || Buffer.compare(Buffer.from(a), Buffer.from(b)))
    .slice(0, FREQUENT_MAX)
    .map(([word, count]) => ({ count, word }))
}

/** `import.meta.main` is not known to every Node of today. */
function isMain() {
  const { argv } = process
  return argv[1] !== undefined && realpathSync(argv[1]) === fileURLToPath(import.meta.url)
}

if (isMain()) {
  const task = JSON.parse(readFileSync(0, 'utf8'))
  process.stdout.write(textStatistics(readFileSync(task.input.path)))
}
