import { equalBytes } from '../../codec/bytes.ts'
import { CID, cidOf, RAW } from '../../codec/cid.ts'
import type { SingleEnvelope } from '../../codec/envelope/verify-single.ts'
import { taskSeed } from '../../codec/job/task-seed.ts'
import { PROOF_OF_MODE } from '../../core/agent/challenger.ts'
import type { Judgement, JudgeWork } from '../../core/agent/work.ts'
import { citationFlaw } from '../../core/verify-output/citations.ts'
import { checkSchema } from '../../core/verify-output/json-schema.ts'
import { FaultError } from '../../model/fault.ts'
import type { Rejection } from '../../model/rejection.ts'
import type { Result } from '../../model/result.ts'
import {
  type ContentStore,
  FETCHED_CONTENT_BYTES_MAX,
  RAW_CONTENT_BYTES_MAX,
} from '../../ports/content-store.ts'
import type { Runner, RunOutcome, Usage } from '../../ports/runner.ts'
import type { Capability } from './capability.ts'
import { whyNot } from './deliver.ts'
import { fetchContent, inputOf, runAgain, runTask, type TaskWorld } from './task.ts'

export interface JudgeWorld extends TaskWorld {
  /**
   * The capsule's word on what the worker says that it used, given what doing it again used, where it was done again. Absent
   * on a network without a capsule. Source: policy.md (COMMIT_GATE).
   */
  readonly gate?: (
    commit: SingleEnvelope<'COMMIT'>,
    used: Usage | undefined,
  ) => Promise<Result<undefined, Rejection>>
}

export interface ToJudge {
  readonly need: SingleEnvelope<'NEED'>
  readonly work: JudgeWork
  /** The COMMIT, where it was heard. */
  readonly commit: SingleEnvelope<'COMMIT'> | undefined
  /** Undefined: nothing here can do such work. */
  readonly capability: Capability | undefined
}

/**
 * Judges a delivered result as its NEED says. What cannot be had, or judged here, is `unavailable`, which costs nobody his
 * stake. Rejects with the signal's reason alone. Source: operations.md, "Agents" (verification modes).
 */
export async function judgeResult(
  asked: ToJudge,
  world: JudgeWorld,
  signal: AbortSignal,
): Promise<Judgement> {
  try {
    return await judge(asked, world, signal)
  } catch (error) {
    signal.throwIfAborted()
    if (!(error instanceof FaultError)) throw error
    return unavailable(`${error.code}: ${error.message}`)
  }
}

async function judge(asked: ToJudge, world: JudgeWorld, signal: AbortSignal): Promise<Judgement> {
  const { need, work } = asked
  const { verification } = need.body.payload
  if (work.proof === 'POLICY_BREACH') return await throughGate(asked, world, accepted('no breach was found'))
  if (work.proof !== undefined && work.proof !== PROOF_OF_MODE[verification.mode]) {
    return accepted(`results of this need are judged by ${verification.mode}`)
  }
  if (verification.mode === 'reexecute') return await doAgain(asked, world, signal)
  const output = await artifactBytes(asked, world.content, signal)
  if (verification.mode === 'schema') {
    const schema = await fetchContent(verification.schema, world.content, need.body.sender, signal)
    return await throughGate(asked, world, bySchema(schema, output))
  }
  const input = await inputOf(need, world.content, signal)
  const found =
    verification.mode === 'citations'
      ? byCitations(input, output)
      : await judgeByCommand(asked, { input, output, criteria: verification.criteria }, world, signal)
  return await throughGate(asked, world, found)
}

function bySchema(schema: Uint8Array, output: Uint8Array): Judgement {
  const asked = jsonOf(schema)
  if (asked === undefined) return unavailable('the schema is no JSON')
  const given = jsonOf(output)
  if (given === undefined) return rejected('the result is no JSON')
  const finding = checkSchema(asked.value, given.value)
  if (finding.kind === 'unusable') return unavailable(finding.why)
  return finding.kind === 'follows' ? accepted('') : rejected(`${finding.at}: ${finding.why}`)
}

/** Of strangers: any bytes. */
function jsonOf(bytes: Uint8Array): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) }
  } catch {
    return undefined
  }
}

function byCitations(input: Uint8Array, output: Uint8Array): Judgement {
  const flaw = citationFlaw(input, output)
  return flaw === undefined ? accepted('') : rejected(flaw)
}

/** Does the work again and compares bytes. */
async function doAgain(asked: ToJudge, world: JudgeWorld, signal: AbortSignal): Promise<Judgement> {
  const { need, work, capability } = asked
  if (capability === undefined) return unavailable('nothing here does such work')
  const { runner } = capability
  const outcome = await runTask({ need, attempt: work.attempt }, runner, world, signal)
  if (outcome.kind !== 'done') return withoutOutput(outcome, runner)
  const { output, usage } = outcome
  const artifact = await nameOf(output, world)
  const isSame = artifact.toString() === work.artifact || (await holds(asked, output, world.content, signal))
  const found = isSame ? accepted('') : rejected('doing it again gives another result')
  return await throughGate(asked, world, { ...found, artifact, gas: usage.gas ?? 0 }, usage)
}

/** There is no result, and yet one was delivered: that decides only where every node comes to the same end. */
function withoutOutput(outcome: Exclude<RunOutcome, { kind: 'done' }>, runner: Runner): Judgement {
  const reason = whyNot(outcome)
  const isOfTask =
    outcome.kind === 'failed' ||
    (outcome.kind === 'limited' && ['gas', 'depth', 'output'].includes(outcome.limit))
  return runner.isDeterministic && isOfTask ? rejected(reason) : unavailable(reason)
}

/** The CID that the bytes have as content of their own. */
async function nameOf(bytes: Uint8Array, { content, sha256 }: JudgeWorld): Promise<CID> {
  return bytes.length <= RAW_CONTENT_BYTES_MAX ? cidOf(bytes, sha256, RAW) : await content.put(bytes)
}

/** The same bytes may have another name: as a file of many blocks, say. What is longer than it should be is not the same. */
async function holds(
  asked: ToJudge,
  output: Uint8Array,
  content: ContentStore,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    return equalBytes(output, await artifactBytes(asked, content, signal, output.length))
  } catch (error) {
    if (error instanceof FaultError && error.code === 'content-too-large') return false
    throw error
  }
}

/** What was delivered. Faults as `ContentStore.get`. */
async function artifactBytes(
  { commit, work }: ToJudge,
  content: ContentStore,
  signal: AbortSignal,
  bytesMax = FETCHED_CONTENT_BYTES_MAX,
): Promise<Uint8Array> {
  const artifact = commit?.body.payload.artifact
  if (artifact !== undefined && 'inline' in artifact) return artifact.inline
  const from = commit === undefined ? {} : { from: [commit.body.sender] }
  return await content.get(CID.parse(work.artifact), { bytesMax, signal, ...from })
}

/**
 * Mode `judge`: the verifier's own command gets the input, the result as file `artifact` and what to look at as file
 * `criteria`; it prints JSON { "verdict": "accept" | "reject", "reason"? }.
 */
async function judgeByCommand(
  { need, work, capability }: ToJudge,
  given: { readonly input: Uint8Array; readonly output: Uint8Array; readonly criteria: string },
  { sha256 }: JudgeWorld,
  signal: AbortSignal,
): Promise<Judgement> {
  if (capability?.judge === undefined) return unavailable('nothing here judges such results')
  const { task_type, capability: asked, label } = need.body.payload
  const job = {
    task: { need: need.id, attempt: work.attempt, task_type, capability: asked, label },
    input: given.input,
    files: [
      { name: 'artifact', bytes: given.output },
      { name: 'criteria', bytes: new TextEncoder().encode(given.criteria) },
    ],
    seed: taskSeed(need.id, sha256),
  }
  const outcome = await runAgain(capability.judge, job, signal)
  return outcome.kind === 'done' ? spokenVerdict(outcome.output) : unavailable(whyNot(outcome))
}

function spokenVerdict(output: Uint8Array): Judgement {
  const said = jsonOf(output)?.value
  if (typeof said !== 'object' || said === null) return unavailable('the command printed no JSON')
  const { verdict, reason } = said as { readonly verdict?: unknown; readonly reason?: unknown }
  const why = typeof reason === 'string' ? reason : ''
  if (verdict === 'accept') return accepted(why)
  return verdict === 'reject' ? rejected(why) : unavailable('the command gave no verdict')
}

/** What is accepted passes the capsule too. */
async function throughGate(
  { commit }: ToJudge,
  { gate }: JudgeWorld,
  found: Judgement,
  used?: Usage,
): Promise<Judgement> {
  if (gate === undefined || found.verdict !== 'accept') return found
  if (commit === undefined) return unavailable('the COMMIT was not heard')
  const passed = await gate(commit, used)
  return passed.ok ? found : { ...found, verdict: 'reject', reason: passed.error.message }
}

function accepted(reason: string): Judgement {
  return { verdict: 'accept', gas: 0, reason }
}

function rejected(reason: string): Judgement {
  return { verdict: 'reject', gas: 0, reason }
}

function unavailable(reason: string): Judgement {
  return { verdict: 'unavailable', gas: 0, reason }
}
