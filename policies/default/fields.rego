package canswarm.policy

# The fields that each kind must have, as the schemas of the verbs say. Undefined for a kind that is not allowed.
# A chain, because only the list that is asked for is then built; the frequent kinds come first.
fields(kind) := ["attempt", "lease_id", "need_id", "progress"] if {
	kind == "HEARTBEAT"
} else := ["attempt", "commit_id", "digest", "gas", "need_id", "reason", "verdict"] if {
	kind == "ATTEST"
} else := [
	"bid_round",
	"cost",
	"eta",
	"heartbeat_interval",
	"lease_ttl",
	"manifest",
	"need_id",
	"plan",
	"registry",
] if {
	kind == "PROPOSE"
} else := [
	"budget",
	"capability",
	"constraints",
	"idempotency_key",
	"input",
	"label",
	"produces",
	"requires",
	"task_class",
	"task_type",
	"verification",
	"verify_bounty",
] if {
	kind == "NEED"
} else := ["artifact", "attempt", "fence", "lease_id", "need_id", "telemetry"] if {
	kind == "COMMIT"
} else := ["bid_round", "need_id", "proposal_id", "reason", "verdict"] if {
	kind == "ATTEST_PLAN"
} else := ["bid_round", "need_id", "patch", "proposal_id", "salt"] if {
	kind == "REVEAL_PLAN"
} else := ["attempt", "commit_id", "hash", "need_id"] if {
	kind == "ATTEST_COMMIT"
} else := ["attempt", "heartbeat_interval", "lease_ttl", "need_id", "proposal_id"] if {
	kind == "CLAIM"
} else := ["patch"] if {
	kind == "UPDATE_PLAN"
} else := ["attempt", "lease_id", "need_id", "reason"] if {
	kind == "YIELD"
} else := ["need_id"] if {
	kind == "CANCEL"
} else := ["attempt", "bond", "hash", "need_id"] if {
	kind == "CHALLENGE_COMMIT"
} else := ["attempt", "evidence", "need_id", "proof", "proof_type", "salt"] if {
	kind == "CHALLENGE"
} else := ["challenge_id", "need_id"] if {
	kind == "WITHDRAW"
} else := ["challenge_id", "evidence", "gas_used", "need_id", "outcome"] if {
	kind == "VERDICT"
} else := ["amount", "to"] if {
	kind == "TRANSFER"
} else := ["amount"] if {
	kind in {"STAKE", "UNSTAKE"}
} else := ["capabilities", "stake"] if {
	kind == "REGISTER"
} else := ["capabilities", "label", "version"] if {
	kind == "MANIFEST"
} else := [] if {
	kind in {"CAPSULE", "CHECKPOINT", "COMPLETE_UNBONDING", "DEREGISTER", "GOVERN", "RECONCILE"}
} else := [] if {
	startswith(kind, "CHANNEL_")
}

# The fields of each kind that are amounts of credits; undefined for a kind that has none. Those that are frequent and
# have none end the chain early.
amounts(kind) := [] if {
	kind == "HEARTBEAT"
} else := [] if {
	kind == "ATTEST"
} else := ["cost"] if {
	kind == "PROPOSE"
} else := ["budget", "verify_bounty"] if {
	kind == "NEED"
} else := [] if {
	kind == "COMMIT"
} else := ["bond"] if {
	kind == "CHALLENGE_COMMIT"
} else := ["amount"] if {
	kind in {"STAKE", "TRANSFER", "UNSTAKE"}
} else := ["stake"] if {
	kind == "REGISTER"
}
