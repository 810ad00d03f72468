# METADATA
# title: Default policy of CAN Swarm
# description: |
#   What an envelope may say, by its own bytes and nothing else. It is evaluated by the sender, by everybody who
#   receives the envelope, and by the state machines that act on it, each time to the same decision.
#   Amounts are decimal texts and are compared as texts. There is no regular expression and no arithmetic.
#   A field that is not there leaves an expression undefined, also under `not` when it is an argument: so what must
#   hold is a rule of its own, and its absence is denied.
package canswarm.policy

# METADATA
# entrypoint: true
decision := {"allow": count(denials) == 0, "denials": denials}

# Kinds and their fields

denials contains {"rule": "version", "field": "v", "limit": 1} if not input.v == 1

denials contains {"rule": "kind", "field": "kind"} if not required

denials contains {"rule": "required", "field": concat("", ["payload.", name])} if {
	some name in required
	not has(name)
}

required := fields(input.kind)

has(name) if _ = input.payload[name]

# Sizes, in bytes

denials contains {"rule": "envelope_size", "field": "size", "limit": 1048575} if not size_fits

denials contains {"rule": "payload_size", "field": "payload_size", "limit": 65536} if not payload_size_fits

size_fits if input.size < 1048576

payload_size_fits if input.payload_size <= 65536

# Clocks

denials contains {"rule": "seq", "field": "seq", "limit": 1} if not seq_fits

seq_fits if at_least(input.seq, 1)

# Each envelope of a sender names its own previous one, so its clock passes its counter.
denials contains {"rule": "lamport", "field": "lamport", "limit": input.seq} if not lamport_fits

lamport_fits if at_least(input.lamport, input.seq)

# An envelope that names none before it has nothing to be ahead of.
denials contains {"rule": "lamport", "field": "lamport", "limit": 4097} if {
	count(input.prev) == 0
	input.lamport > 4097
}

denials contains {"rule": "prev", "field": "prev", "limit": 8} if count(input.prev) > 8

denials contains {"rule": "prev", "field": "prev", "limit": 1} if {
	count(input.prev) == 0
	input.seq > 1
}

denials contains {"rule": "slot", "field": "slot", "limit": 0} if {
	slot := input.slot
	not at_least(slot, 0)
}

at_least(number, limit) if {
	is_number(number)
	number >= limit
}

# Amounts

denials contains {"rule": "amount", "field": concat("", ["payload.", name])} if {
	some name in ["amount", "bond", "budget", "cost", "stake", "verify_bounty"]
	amount := input.payload[name]
	not is_amount(amount)
}

denials contains {"rule": "bounty_cap", "field": "payload.verify_bounty", "limit": cap} if {
	cap := bounty_cap(input.payload.task_class)
	exceeds(input.payload.verify_bounty, cap)
}

denials contains {"rule": "task_class", "field": "payload.task_class"} if {
	class := input.payload.task_class
	not bounty_cap(class)
}

# 10, 100 and 1,000 credits, in micro-credits.
bounty_cap(class) := "10000000" if {
	class == "simple"
} else := "100000000" if {
	class == "complex"
} else := "1000000000" if {
	class == "critical"
}

exceeds(amount, limit) if count(amount) > count(limit)

exceeds(amount, limit) if {
	count(amount) == count(limit)
	amount > limit
}

is_amount(amount) if amount == "0"

is_amount(amount) if {
	count(amount) <= 24
	trim(amount, "0123456789") == ""
	trim_left(amount, "0") == amount
	amount != ""
}

# Results

denials contains {"rule": "artifact", "field": "payload.artifact"} if {
	input.kind == "COMMIT"
	not has_artifact
}

has_artifact if _ = input.payload.artifact.inline

has_artifact if {
	_ = input.payload.artifact.cid
	at_least(input.payload.artifact.size, 0)
}

# Zones

denials contains {"rule": "zone", "field": "payload.constraints.zone", "limit": 64} if {
	zone := input.payload.constraints.zone
	not is_zone(zone)
}

denials contains {"rule": "zone", "field": "payload.capabilities", "limit": 64} if {
	some capability in input.payload.capabilities
	some zone in capability.constraints.zones
	not is_zone(zone)
}

# As in eu-west or eu/de-1: words in lower case. Which characters names have is the business of the schemas.
is_zone(zone) if {
	zone != ""
	count(zone) <= 64
	lower(zone) == zone
	not contains(zone, " ")
	trim(zone, "-/") == zone
}
