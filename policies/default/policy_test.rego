package canswarm.policy_test

import data.canswarm.policy

heartbeat := {
	"v": 1,
	"kind": "HEARTBEAT",
	"lamport": 9,
	"seq": 2,
	"prev": ["a", "b"],
	"size": 400,
	"payload_size": 200,
	"payload": {"attempt": 0, "lease_id": "l", "need_id": "n", "progress": 40},
}

rules(document) := names if {
	decision := policy.decision with input as document
	names := {denial.rule | some denial in decision.denials}
}

changed(more) := object.union(heartbeat, more)

test_usual_envelope_is_allowed if policy.decision.allow with input as heartbeat

test_nothing_is_denied if not policy.decision.allow with input as {}

test_no_input_is_denied if not policy.decision.allow

test_unknown_kind if rules(changed({"kind": "SETTLE"})) == {"kind"}

test_every_missing_field_is_named if {
	decision := policy.decision with input as object.union(object.remove(heartbeat, ["payload"]), {"payload": {"attempt": 0}})
	fields := {denial.field | some denial in decision.denials}
	fields == {"payload.lease_id", "payload.need_id", "payload.progress"}
}

test_size_limits if {
	rules(changed({"size": 1048576})) == {"envelope_size"}
	rules(changed({"payload_size": 65537})) == {"payload_size"}
	rules(changed({"size": 1048575, "payload_size": 65536})) == set()
}

test_amounts_are_compared_as_texts if {
	not policy.exceeds("10000000", "10000000")
	not policy.exceeds("9999999", "10000000")
	policy.exceeds("10000001", "10000000")
	policy.exceeds("100000000000000000000000", "99999999999999999999999")
}

test_forms_of_amounts if {
	every amount in ["0", "1", "10", "999999999999999999999999"] {
		policy.is_amount(amount)
	}
	every amount in ["", "00", "01", "-1", "+1", "1.5", "1e3", " 1", "1 ", "0x1", 1, null, "1000000000000000000000000"] {
		not policy.is_amount(amount)
	}
}

test_forms_of_zones if {
	every zone in ["eu", "eu-west", "eu/de-1", "1"] {
		policy.is_zone(zone)
	}
	every zone in ["", "-", "EU", "eu-", "/eu", "eu west", 7, null] {
		not policy.is_zone(zone)
	}
}
