/**
 * Imported into the process of a node before its program, which is then run from the sources: where a file of that name is in its
 * home, the node is mute, its drivers propose nothing where it leads, or deaf as well: its host takes no proposal of others, and
 * does not sleep, for others would find that out by themselves. Everything else goes on, heartbeats too.
 */
import { existsSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { join } from 'node:path'
import { GroupAccess } from '../../src/services/heart/group-access.ts'
import { GroupCare } from '../../src/services/raft-host/group-care.ts'
import type { HostedGroup } from '../../src/services/raft-host/hosted-group.ts'
import { Proposals } from '../../src/services/raft-host/proposals.ts'

const PROGRAM = new URL('../../src/cli/main.ts', import.meta.url).href
const home = process.argv[process.argv.indexOf('--home') + 1] ?? ''

registerHooks({
  resolve: (specifier, context, next) =>
    specifier.endsWith('/canswarm.mjs') ? { url: PROGRAM, shortCircuit: true } : next(specifier, context),
})

const isLeader: (this: GroupAccess, machine: number) => boolean = Reflect.get(
  GroupAccess.prototype,
  'isLeader',
)
GroupAccess.prototype.isLeader = function isLeaderUnlessMute(machine) {
  return isLeader.call(this, machine) && !is('mute') && !is('deaf')
}

const add: (this: Proposals, ...args: Parameters<Proposals['add']>) => void = Reflect.get(
  Proposals.prototype,
  'add',
)
Proposals.prototype.add = function addUnlessDeaf(request, asker, hops) {
  if (asker.kind === 'local' || !is('deaf')) add.call(this, request, asker, hops)
}

const putToSleep: (this: GroupCare, group: HostedGroup) => void = Reflect.get(
  GroupCare.prototype,
  'putToSleep',
)
GroupCare.prototype.putToSleep = function putToSleepUnlessDeaf(group) {
  if (is('deaf')) group.sleepDue = false
  else putToSleep.call(this, group)
}

function is(name: string): boolean {
  return existsSync(join(home, name))
}
