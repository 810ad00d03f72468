import { encodeCertificate } from '../../codec/certificate/certificate.ts'
import { HUB } from '../../codec/entry/item.ts'
import type { LogSink } from '../../ports/network-log.ts'
import { NO_ITEM } from '../heart/group.ts'
import type { HeartNetwork } from '../heart/network.ts'

/** Writes a network's logs, and the certificates of all of them as they stand, to a sink. */
export function storeNetwork(network: HeartNetwork, certifies: boolean, sink: LogSink): void {
  for (const machine of [HUB, ...network.buckets]) {
    const log = network.log(machine)
    for (const { item, leaf } of log) {
      sink.append(machine, item === NO_ITEM ? { kind: 'voters', leaf } : { kind: 'item', item, leaf })
    }
    for (const change of network.changes.get(machine) ?? []) {
      sink.append(machine, { kind: 'certificate', certificate: encodeCertificate(change) })
    }
    if (!certifies || log.length === 0) continue
    sink.append(machine, {
      kind: 'certificate',
      certificate: encodeCertificate(network.certificate(machine)),
    })
  }
  sink.flush()
}
