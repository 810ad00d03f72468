import { EOL } from 'node:os'
import type { FaultCode } from '../model/fault.ts'
import { REJECTION, type RejectionCode } from '../model/rejection.ts'
import type { Result } from '../model/result.ts'
import { homePaths } from '../node/home.ts'
import { ApiClient, type ApiProblem, ApiProblemError } from '../sdk/client.ts'
import { LostNodeError, NoNodeError } from '../sdk/http.ts'
import type { Context } from './context.ts'
import { EXIT } from './exit.ts'
import { CommandError, FAULT, type Failure, RETRY_TODO, usageError } from './failure.ts'

/**
 * The API of the node that runs in this home; of one on TCP where $CANSWARM_API names its address, with the token of
 * $CANSWARM_API_TOKEN. Nothing is asked yet.
 */
export function nodeOf({ home, env }: Pick<Context, 'home' | 'env'>): ApiClient {
  const { CANSWARM_API: url, CANSWARM_API_TOKEN: token } = env
  if (url === undefined) return new ApiClient({ socketPath: homePaths(home).socket })
  if (!URL.canParse(url) || token === undefined) {
    throw usageError(
      'CANSWARM_API wants an address, and CANSWARM_API_TOKEN what <home>/api.token of that node holds',
      'as http://127.0.0.1:4080',
    )
  }
  return new ApiClient({ url, token })
}

/** What the node answers; ends the command where it refused, cannot, or is not there. */
export async function asked<Value>(answer: Promise<Result<Value, ApiProblem>>): Promise<Value> {
  const result = await told(answer)
  if (!result.ok) throw new CommandError(failureOfProblem(result.error))
  return result.value
}

/** The same where a refusal is an answer too. */
async function told<Value>(answer: Promise<Value>): Promise<Value> {
  try {
    return await answer
  } catch (error) {
    throw daemonError(error)
  }
}

/** Errors of the client as failures of the command. */
export function daemonError(error: unknown): unknown {
  if (error instanceof NoNodeError) return new CommandError({ ...NO_DAEMON, message: error.message })
  if (error instanceof LostNodeError) return new CommandError({ ...LOST, message: error.message })
  return error instanceof ApiProblemError ? new CommandError(failureOfProblem(error.problem)) : error
}

const NO_DAEMON = {
  exit: EXIT.noDaemon,
  code: 'no-daemon',
  todo: 'start the node: "canswarm start", or name its home with --home',
}

const LOST = {
  exit: EXIT.failed,
  code: 'connection-lost',
  todo: 'whether it was done is not known: look before you ask again',
}

/** What the node, or the hub, refused. */
export function failureOfProblem({
  code,
  message,
  field,
}: Pick<ApiProblem, 'code' | 'message' | 'field'>): Failure {
  return { ...meaningOf(code), code, message: message.split(EOL)[0] ?? message, field }
}

function meaningOf(code: string): Pick<Failure, 'exit' | 'todo'> {
  if (Object.hasOwn(REJECTION, code)) {
    const { exit, retry } = REJECTION[code as RejectionCode]
    return { exit, todo: RETRY_TODO[retry] }
  }
  if (Object.hasOwn(FAULT, code)) return FAULT[code as FaultCode]
  return API_MEANING[code] ?? { exit: EXIT.failed, todo: undefined }
}

/** Codes of the API's own. */
const API_MEANING: Readonly<Record<string, Pick<Failure, 'exit' | 'todo'>>> = {
  'not-found': { exit: EXIT.failed, todo: undefined },
  'timed-out': { exit: EXIT.timedOut, todo: 'look whether it was done before trying again' },
  stopping: { exit: EXIT.noDaemon, todo: 'start the node again when it has stopped' },
  defect: { exit: EXIT.failed, todo: '"canswarm logs" has the stack: please report it' },
}
