import type { BucketCommand } from './bucket-command.ts'

type Field = Extract<BucketCommand, { kind: 'claim' }>['envelope']

/** Every envelope that an entry carries, in the order of its fields. */
export function envelopesOfCommand(command: BucketCommand): readonly Field[] {
  switch (command.kind) {
    case 'cancel':
    case 'claim':
    case 'yield':
    case 'challenge':
    case 'commit':
      return [command.envelope]
    case 'close':
      return command.proposals
    case 'pass':
    case 'wave':
    case 'finalize':
    case 'reject':
    case 'verdict':
      return command.verdicts
    case 'decide':
      return [...command.reveal, ...command.verdicts]
    case 'lapse':
    case 'void-challenge':
    case 'expire':
    case 'split':
      return command.carried
    case 'release':
      return [...command.beats, ...command.carried]
    case 'reveal':
      return command.commitments
    case 'invalidate':
    case 'settle':
    case 'cert':
    case 'fence':
    case 'lead':
      return []
    default:
      return command satisfies never
  }
}
