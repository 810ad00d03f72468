package main

import "fmt"

// reason says why something was not done. The numbers are part of the frame format: outcome.ts has the
// same list in the same order, and a test compares the two.
type reason uint8

const (
	done reason = iota
	malformed
	unknownGroup
	failed
	exists
	badSettings
	badState
	notAllowed
	headMismatch
	wrongRecipient
	unknownPeer
	tooLarge
	busy
	notReady
	confUnhandled
	notLeader
	noLeader
	transferring
	notMember
	uncommittedFull
	confPending
	confJoint
	confNotJoint
	confInvalid
	beyondApplied
	compacted
	notInLog
)

// outcome of one item: done, or the reason and a detail for people.
type outcome struct {
	reason reason
	detail string
}

var fine = outcome{}

func refuse(why reason, format string, args ...any) outcome {
	return outcome{why, fmt.Sprintf(format, args...)}
}
