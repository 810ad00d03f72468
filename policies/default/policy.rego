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
	payload := input.payload
	some name in required
	not payload[name] # nor may a field that is required be `false`: none is a boolean
}

required := fields(input.kind)

denials contains {"rule": "required", "field": "payload"} if not input.payload

# Sizes, in bytes

denials contains {"rule": "envelope_size", "field": "size", "limit": 1048575} if input.size >= 1048576

denials contains {"rule": "payload_size", "field": "payload_size", "limit": 65536} if input.payload_size > 65536

# Clocks

denials contains {"rule": "seq", "field": "seq", "limit": 1} if input.seq < 1

# Each envelope of a sender names its own previous one, so its clock passes its counter.
denials contains {"rule": "lamport", "field": "lamport", "limit": input.seq} if input.lamport < input.seq

# An envelope that names none before it has nothing to be ahead of.
denials contains {"rule": "lamport", "field": "lamport", "limit": 4097} if {
	not input.prev[0]
	input.lamport > 4097
}

denials contains {"rule": "prev", "field": "prev", "limit": 8} if input.prev[8]

denials contains {"rule": "prev", "field": "prev", "limit": 1} if {
	not input.prev[0]
	input.seq > 1
}

denials contains {"rule": "slot", "field": "slot", "limit": 0} if input.slot < 0

# What is compared above is there and a number: anything else would slip through.
denials contains {"rule": "number", "field": name} if {
	not has_numbers(input)
	some name in ["lamport", "payload_size", "seq", "size"]
	not is_number_at(name)
}

denials contains {"rule": "number", "field": "slot"} if not is_number(input.slot)

has_numbers(document) if {
	is_number(document.lamport)
	is_number(document.payload_size)
	is_number(document.seq)
	is_number(document.size)
}

is_number_at(name) if is_number(input[name])

# Amounts

denials contains {"rule": "amount", "field": concat("", ["payload.", name])} if {
	some name in amounts(input.kind)
	not is_amount(input.payload[name])
}

denials contains {"rule": "bounty_cap", "field": "payload.verify_bounty", "limit": cap} if {
	cap := bounty_cap(input.payload.task_class)
	exceeds(input.payload.verify_bounty, cap)
}

denials contains {"rule": "task_class", "field": "payload.task_class"} if {
	not bounty_cap(input.payload.task_class)
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
	not startswith(amount, "0")
	amount != ""
}

# Results

denials contains {"rule": "artifact", "field": "payload.artifact"} if {
	input.kind == "COMMIT"
	not is_artifact(input.payload.artifact)
}

is_artifact(artifact) if artifact.inline

is_artifact(artifact) if {
	artifact.cid
	is_number(artifact.size)
	artifact.size >= 0
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
