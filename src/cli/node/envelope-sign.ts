import { writeFile } from 'node:fs/promises'
import { parseCid } from '../../codec/cid.ts'
import { encodeDagCbor } from '../../codec/dag-cbor/encode.ts'
import { encodeDagJson } from '../../codec/dag-json/encode.ts'
import { encodeBatch, signBatch } from '../../codec/envelope/batch.ts'
import { rootSignatureOf } from '../../codec/envelope/root-signature.ts'
import { envelopesOf, envelopeToIpld } from '../../codec/envelope/single-form.ts'
import type { OpenedGenesis } from '../../codec/genesis/genesis.ts'
import { KINDS } from '../../codec/payload/verbs.ts'
import type { CheckedCapsule } from '../../core/policy/capsule-check.ts'
import { loadConfig } from '../../node/home.ts'
import { requireGenesis } from '../../node/network.ts'
import { offline } from '../../node/offline.ts'
import { genesisCapsule } from '../../node/policy/genesis-capsule.ts'
import { openPolicyEngine } from '../../node/policy/runtime.ts'
import { recordSigned } from '../../node/record-signed.ts'
import { defineCommand } from '../command.ts'
import type { Context } from '../context.ts'
import { unwrap, usageError } from '../failure.ts'
import { report } from '../report.ts'
import { envelopeChecker } from './envelope-check.ts'
import { draftEnvelopes, type Wish } from './envelope-draft.ts'
import { readEnvelopeFile } from './envelope-file.ts'
import { keyNameOf, loadKey } from './key-access.ts'
import { PASSPHRASE_OPTION } from './passphrase.ts'
import { readWishes } from './wish-file.ts'

export const envelopeSign = defineCommand({
  path: 'envelope sign',
  about:
    'Sign envelopes with a key of this home; its journal keeps what was signed, so that no seq is used twice',
  examples: [
    'canswarm envelope sign --kind NEED --payload need.json > thread.jsonl',
    'canswarm envelope sign --kind PROPOSE --payload bid.json --after thread.jsonl --key worker >> thread.jsonl',
    'canswarm envelope sign --list beats.jsonl --after thread.jsonl --wire batch.cbor',
  ],
  arguments: [],
  options: {
    kind: { type: 'string', value: 'VERB', about: 'verb of the envelope', choices: KINDS },
    payload: { type: 'string', value: 'FILE', about: 'its payload as JSON; - for standard input' },
    list: {
      type: 'string',
      value: 'FILE',
      about: 'several at once under one signature: a line {"kind", "payload"} each',
    },
    after: {
      type: 'string',
      value: 'FILE',
      about: 'the thread so far; needed for all but the first envelope',
    },
    key: { type: 'string', value: 'NAME', about: "key that signs (else the node's own)" },
    capsule: {
      type: 'string',
      value: 'CID',
      about:
        'policy capsule of the thread (else that of the thread so far, else that of the network, if it has one)',
    },
    wire: {
      type: 'string',
      value: 'FILE',
      about: 'also write them to this file as one wire batch (dag-cbor)',
    },
    ...PASSPHRASE_OPTION,
  },
  async run(context, _args, { kind, payload, list, after, key, capsule, wire, passphraseFile }) {
    const genesis = requireGenesis(context.home)
    const { net } = genesis
    const wishes = await wishesOf(context, kind, payload, list)
    const name = keyNameOf(context, key)
    const signer = await loadKey(context, name, passphraseFile)
    const so = after === undefined ? [] : await readEnvelopeFile(context, after)
    const check = envelopeChecker(net)
    const before = so.map((one) => unwrap(check(one), one.place))
    const given = capsule === undefined ? undefined : unwrap(parseCid(capsule), '--capsule')
    const drafts = await withPolicyOf(genesis, (policy) =>
      draftEnvelopes({
        net,
        sender: signer.did,
        before,
        wishes,
        capsule: given,
        policy,
        ts: offline.clock.nowMs(),
      }),
    )
    const { config } = loadConfig(context.home, context.env)
    const node =
      config.keyName === name ? signer : await loadKey(context, keyNameOf(context, undefined), passphraseFile)
    const batch = signBatch(
      offline.crypto,
      net,
      signer.secret,
      drafts.map(({ bytes }) => bytes),
    )
    const sig = encodeDagCbor({ ...rootSignatureOf(batch) })
    await recordSigned({ home: context.home, config, key: node, net }, drafts, sig)
    if (wire !== undefined) await writeFile(wire, encodeBatch(batch), { flag: 'wx' })
    const lines = envelopesOf(batch, offline.crypto.sha256).map((one) => encodeDagJson(envelopeToIpld(one)))
    const envelopes = drafts.map(({ id, body: { thread, kind: verb, seq, lamport } }, at) => {
      return { id, thread, kind: verb, seq, lamport, envelope: JSON.parse(lines[at] ?? 'null') as unknown }
    })
    return report('canswarm.envelope.sign/1', { sender: signer.did, envelopes }, lines.join('\n'))
  },
})

/** With the policy of the network, if its genesis names one. */
async function withPolicyOf<Value>(
  genesis: OpenedGenesis,
  use: (policy: CheckedCapsule | undefined) => Value,
): Promise<Value> {
  const engine = openPolicyEngine()
  try {
    return use(unwrap(genesisCapsule(genesis, engine), 'genesis.json'))
  } finally {
    await engine.close()
  }
}

async function wishesOf(
  context: Context,
  kind: string | undefined,
  payload: string | undefined,
  list: string | undefined,
): Promise<readonly Wish[]> {
  if (list !== undefined && kind === undefined && payload === undefined)
    return await readWishes(context, list)
  if (list === undefined && kind !== undefined && payload !== undefined) {
    return await readWishes(context, payload, kind)
  }
  throw usageError('say what to sign: --kind with --payload, or --list')
}
