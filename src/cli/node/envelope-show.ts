import { encodeDagJson } from '../../codec/dag-json/encode.ts'
import { headerOf } from '../../codec/envelope/envelope.ts'
import { readEnvelope, type UnverifiedSingle } from '../../codec/envelope/single-form.ts'
import { offline } from '../../node/offline.ts'
import { defineCommand } from '../command.ts'
import { refuse, unwrap } from '../failure.ts'
import { type Listing, listing } from '../report.ts'
import { fields } from '../table.ts'
import { networkIn } from './envelope-check.ts'
import { type FiledEnvelope, readEnvelopeFile } from './envelope-file.ts'

export const envelopeShow = defineCommand({
  path: 'envelope show',
  about: 'Show what envelopes say, whatever network they are of; checks their form, not their signatures',
  examples: ['canswarm envelope show thread.jsonl', 'canswarm envelope show batch.cbor --json'],
  arguments: [{ name: 'file', about: 'JSON lines, an envelope, or a wire batch; - for standard input' }],
  options: {},
  async run(context, [file]) {
    const filed = await readEnvelopeFile(context, file)
    return listing('canswarm.envelope.show/1', rowsOf(filed))
  },
})

async function* rowsOf(filed: readonly FiledEnvelope[]): Listing['rows'] {
  for (const one of filed) {
    const envelope = read(one)
    const data = dataOf(envelope)
    yield { data, text: textOf(one.place, envelope) }
  }
}

function read(filed: FiledEnvelope): UnverifiedSingle {
  const value = unwrap(filed.value, filed.place)
  const net = networkIn(filed) ?? refuse('MALFORMED', 'it names no network', filed.place)
  return unwrap(readEnvelope(value, { net, sha256: offline.crypto.sha256 }), filed.place)
}

function dataOf(envelope: UnverifiedSingle) {
  const { id, body, sig } = envelope
  return {
    ...headerOf(envelope),
    net: body.net.toString(),
    ts: body.ts,
    capsule: body.capsule.toString(),
    digest: Buffer.from(body.digest).toString('hex'),
    payload: JSON.parse(encodeDagJson(body.payload)) as unknown,
    signed_by: sig.by ?? body.sender,
    root: Buffer.from(sig.root).toString('hex'),
    path_levels: sig.path.length,
    id,
  }
}

function textOf(place: string, envelope: UnverifiedSingle): string {
  const { prev, payload, ...data } = dataOf(envelope)
  return [
    `${data.kind}  ${data.id}`,
    fields([
      ['  from', place],
      ['  thread', data.thread],
      ['  sender', data.sender],
      ['  signed by', data.signed_by],
      ['  seq', String(data.seq)],
      ['  lamport', String(data.lamport)],
      ['  sent at', `${new Date(data.ts).toISOString()} (the sender's clock)`],
      ['  network', data.net],
      ['  capsule', data.capsule],
      ['  digest', data.digest],
      ...prev.map((id): [string, string] => ['  after', id]),
    ]),
    '  payload',
    JSON.stringify(payload, null, 2).replaceAll(/^/gmu, '    '),
  ].join('\n')
}
