# Another author's policy: text work for small money, and nothing else.
package canswarm.policy

decision := {"allow": count(denials) == 0, "denials": denials}

denials contains {"rule": "text_only", "field": "payload.task_type"} if {
	input.kind == "NEED"
	not startswith(input.payload.task_type, "text/")
}

denials contains {"rule": "too_dear", "field": sprintf("payload.%s", ["budget"]), "limit": "9999999"} if {
	input.kind == "NEED"
	count(input.payload.budget) > 7
}

denials contains {"rule": "reserved_word", "field": "payload.label"} if {
	regex.match(`(?i)\bsecret\b`, input.payload.label)
}
