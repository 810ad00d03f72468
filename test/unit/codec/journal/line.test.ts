import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeDagCbor } from '../../../../src/codec/dag-cbor/encode.ts'
import { draftError, draftOwn, type LineDraft } from '../../../../src/codec/journal/drafts.ts'
import { LineEncoder } from '../../../../src/codec/journal/encoder.ts'
import type { HashHex, NanoText } from '../../../../src/codec/journal/kinds.ts'
import { LINE_BYTES_MAX } from '../../../../src/codec/journal/limits.ts'
import {
  CHAIN_FIELD_BYTES,
  type JournalLine,
  lineText,
  parseFrame,
  parseLine,
  START,
} from '../../../../src/codec/journal/line.ts'
import { NET, SIGNER, sampleDraft, sha256Hex, THREAD, utf8 } from '../../../setup/journal.ts'

const TS = '1763715600000000000' as NanoText
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes)

/** The bytes of the line, without its newline. */
const encoder = new LineEncoder(sha256Hex)
function encode(draft: LineDraft, head = START): Uint8Array {
  const { bytes } = encoder.encode(head, TS, draft)
  return Uint8Array.from(bytes.subarray(0, -1))
}

function parse(bytes: Uint8Array): JournalLine {
  const frame = parseFrame(bytes)
  if (!frame.ok) throw new Error(frame.error.message)
  const line = parseLine(frame.value)
  if (!line.ok) throw new Error(line.error.message)
  return line.value
}

describe('a line', () => {
  it('is one JSON object with its keys in one order, ended by a newline', () => {
    const { bytes, head } = new LineEncoder(sha256Hex).encode(START, TS, sampleDraft(0))
    const line = text(bytes)
    expect(line.at(-1)).toBe('\n')
    expect(line.indexOf('\n')).toBe(line.length - 1)
    expect(Object.keys(JSON.parse(line) as object)).toEqual([
      'n',
      'ts',
      'kind',
      'thread',
      'hash',
      'data',
      'chain',
    ])
    expect(JSON.parse(line)).toMatchObject({
      n: 1,
      ts: TS,
      kind: 'envelope.in',
      thread: THREAD,
      chain: head.chain,
    })
  })

  it('names no thread where there is none', () => {
    expect(Object.keys(JSON.parse(text(encode(sampleDraft(6)))) as object)).not.toContain('thread')
  })

  it('has as chain the hash of a dag-cbor list: name, chain before, its bytes up to the chain field', () => {
    const before = { n: 41, chain: sha256Hex('before') as HashHex }
    for (const filler of ['', 'x'.repeat(200), 'x'.repeat(70_000)]) {
      const draft: LineDraft = { kind: 'error', data: JSON.stringify({ code: 'x', message: filler }) }
      const bytes = encode(draft, before)
      const covered = bytes.subarray(0, bytes.length - CHAIN_FIELD_BYTES)
      const listed = encodeDagCbor(['canswarm/journal/1', before.chain, covered])
      expect(parse(bytes)).toMatchObject({ n: 42, chain: sha256Hex(listed) })
    }
  })

  it('has the hash of its data, unless its payload is elsewhere', () => {
    const draft = sampleDraft(2)
    expect(parse(encode(draft)).hash).toBe(sha256Hex(draft.data))
    expect(parse(encode(sampleDraft(3))).hash).toBe(sampleDraft(3).hash)
  })

  it('is read back as it was drafted, for every kind', () => {
    const own: LineDraft[] = [
      draftOwn('open', {
        v: 1,
        node: SIGNER.node,
        net: NET,
        segment: 1,
        prev: START.chain,
        rule: 'zip215/1',
      }),
      draftOwn('recovered', {
        segment: 1,
        offset: 9,
        bytes: 3,
        sha256: START.chain,
        file: '00000001.torn-1',
      }),
      draftOwn('damaged', { segment: 1, line: 3, reason: 'wrong-chain' }),
      draftOwn('lost', { lines: 3, since: TS, until: TS }),
      draftOwn('seal', { v: 1, segment: 1, n: 4, chain: START.chain, sig: 'AAAA' }),
    ]
    for (const draft of [...Array.from({ length: 7 }, (_, i) => sampleDraft(i)), ...own]) {
      const line = parse(encode(draft))
      expect({ kind: line.kind, data: line.data, thread: line.thread }).toEqual({
        kind: draft.kind,
        data: JSON.parse(draft.data) as unknown,
        thread: draft.thread,
      })
    }
  })

  it('holds any text of a stranger within one line', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 200 }),
        fc.string({ unit: 'binary' }),
        (message, where) => {
          const bytes = encode(draftError(undefined, { code: 'x', message, where }))
          expect(bytes.includes(0x0a)).toBe(false)
          expect(parse(bytes).data).toEqual({ code: 'x', message, where })
        },
      ),
    )
  })

  it('holds texts with lone surrogates', () => {
    const bytes = encode(draftError(undefined, { code: 'x', message: 'a\ud800b', where: '\udc00' }))
    expect(parse(bytes).data).toEqual({ code: 'x', message: 'a\ud800b', where: '\udc00' })
  })
})

describe('parseFrame', () => {
  const good = text(encode(sampleDraft(3)))
  const reason = (line: string | Uint8Array) => {
    const frame = parseFrame(typeof line === 'string' ? utf8(line) : line)
    return frame.ok ? 'ok' : frame.error.reason
  }

  it.each([
    ['nothing', ''],
    ['half a line', good.slice(0, 100)],
    ['another order of keys', good.replace(/"n":1,("ts":"\d+"),/, '$1,"n":1,')],
    ['blanks', good.replace('"n":1', '"n": 1')],
    ['a number with leading zero', good.replace('"n":1', '"n":01')],
    ['number 0', good.replace('"n":1', '"n":0')],
    ['a number over 2^53', good.replace('"n":1', '"n":9007199254740993')],
    ['an unknown kind', good.replace('"entry"', '"entries"')],
    ['a kind that every object inherits', good.replace('"entry"', '"constructor"')],
    ['another text for a thread', good.replace(THREAD, 'A'.repeat(32))],
    [
      'hex in capitals',
      good.replace(/"hash":"[0-9a-f]+/, (hash) => hash.toUpperCase().replace('HASH', 'hash')),
    ],
    ['a short chain', good.replace(/.."\}$/, '"}')],
    ['something after the object', `${good} `],
    ['a byte order mark', `\ufeff${good}`],
    ['a carriage return', `${good}\r`],
  ])('refuses %s', (_, line) => {
    expect(reason(line)).toBe('not-a-line')
  })

  it('refuses what is not UTF-8', () => {
    const bytes = utf8(good)
    bytes[120] = 0xff
    expect(reason(bytes)).toBe('not-utf8')
  })

  it('refuses a line over the limit before it reads it', () => {
    expect(reason(new Uint8Array(LINE_BYTES_MAX))).toBe('too-long')
  })
})

describe('parseLine', () => {
  const hash = sha256Hex('x') as HashHex
  const reason = (draft: LineDraft) => {
    const frame = parseFrame(encode(draft))
    const line = frame.ok ? parseLine(frame.value) : frame
    return line.ok ? 'ok' : line.error.reason
  }

  it.each([
    ['no JSON', '{"group":1'],
    ['JSON of another kind', '{"code":"x","message":"y"}'],
    ['a field too many', '{"group":1,"index":1,"name":"x","more":1}'],
    ['a field too few', '{"group":1,"index":1}'],
    ['a fraction', '{"group":1.5,"index":1,"name":"x"}'],
    ['no object', '17'],
  ])('refuses data that is %s', (_, data) => {
    expect(reason({ kind: 'entry', hash, data })).toBe('bad-data')
  })

  it('says of a newer format that it is newer, whatever else it holds', () => {
    expect(reason({ kind: 'open', data: '{"v":2,"nodes":[]}' })).toBe('version')
    expect(reason({ kind: 'open', data: '{"v":0}' })).toBe('bad-data')
  })

  it('reads the template of a line with data of the largest size', () => {
    const room = LINE_BYTES_MAX - 1 - CHAIN_FIELD_BYTES
    const lead = lineText(1, TS, 'error', undefined, hash, '{"code":"x","message":""}').length
    const fits = { code: 'x', message: 'm'.repeat(room - lead) }
    expect(reason({ kind: 'error', data: JSON.stringify(fits) })).toBe('ok')
    const draft: LineDraft = { kind: 'error', data: JSON.stringify({ ...fits, message: `${fits.message}m` }) }
    expect(() => encode(draft)).toThrow('a line is made of bounded parts')
  })
})
