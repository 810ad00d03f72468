import type { Agent } from '../../core/system/tables.ts'
import type { Did } from '../../model/ids.ts'
import type { Requester } from '../../services/roles/requester.ts'
import type { Roles } from '../../services/roles/roles.ts'

/** An account that plays for this node, and what it does of what is attached. */
export interface Player {
  readonly did: Did
  readonly roles: Roles
  /** Posts needs of this account. */
  readonly requester: Requester
  readonly works: boolean
  readonly judges: boolean
  readonly challenges: boolean
  /** What the registry says of it. */
  readonly registered: () => Agent | undefined
}
