package meter

# A policy for the meter's tests: sets, objects, comprehensions, numbers, strings, recursion over values.
kinds := {"NEED", "PROPOSE", "DECIDE", "COMMIT", "ATTEST", "FINALIZE"}

required := {
	"NEED": ["class", "bounty", "deadline"],
	"PROPOSE": ["need", "cost", "eta"],
	"COMMIT": ["artifact"],
}

caps := {"small": 100, "large": 10000}

deny contains "kind" if not input.kind in kinds

deny contains "size" if input.size > 1048576

deny contains concat(".", ["payload", field]) if {
	some field in required[input.kind]
	not input.payload[field]
}

deny contains "bounty" if input.payload.bounty > caps[input.payload.class]

deny contains "prefix" if not startswith(lower(input.from), "did:key:z")

score := sum([round((x * 3) / 7) | some x in input.samples]) / max([1, count(input.samples)])

tags := sort({upper(tag) | some tag in split(input.tags, ",")})

same if input.left == input.right

decision := {"allow": count(deny) == 0, "deny": deny, "score": score, "tags": tags, "same": same}

default same := false
