package main

import (
	"encoding/binary"

	"go.etcd.io/raft/v3"
	pb "go.etcd.io/raft/v3/raftpb"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
)

// A message on the wire is a head of fixed size and the raftpb bytes. The head repeats what a host has to
// judge before the engine sees the message; it counts only when it equals what the bytes say.
const (
	messageVersion = 1
	headBytes      = 60
	flagReject     = 1

	// What a message may be longer than the longest append that its group's settings allow.
	messageSlack = 64 << 10
	contextMax   = 256
	// Terms and indexes from elsewhere leave room to count on from them.
	placeMax = 1 << 52
	// An entry cannot be shorter: one byte of a forwarded command or of a read's context, with tag and length.
	entryBytesMin = 3
)

var decodeStrictly = proto.UnmarshalOptions{DiscardUnknown: true, RecursionLimit: 8}
var encodeFixed = proto.MarshalOptions{Deterministic: true}

func (w *writer) message(m *pb.Message) error {
	index, logTerm := place(m)
	reject := uint8(0)
	if m.GetReject() {
		reject = flagReject
	}
	w.buf = append(w.buf, messageVersion, uint8(m.GetType()), reject, 0)
	w.u32(uint32(len(m.GetEntries())))
	for _, n := range []uint64{m.GetTo(), m.GetFrom(), m.GetTerm(), logTerm, index, m.GetCommit()} {
		w.number(n)
	}
	at := w.open()
	var err error
	w.buf, err = encodeFixed.MarshalAppend(w.buf, m)
	w.close(at)
	return err
}

// place is the log position that a message speaks of; a snapshot message's is the snapshot's.
func place(m *pb.Message) (index, term uint64) {
	if m.GetType() == pb.MsgSnap {
		meta := m.GetSnapshot().GetMetadata()
		return meta.GetIndex(), meta.GetTerm()
	}
	return m.GetIndex(), m.GetLogTerm()
}

// parseMessage reads a message from another node: bounded, well formed, its head equal to its bytes. What it
// lets through is a message that a peer may send; whether the peer speaks the truth is another question.
func (g *group) parseMessage(wire []byte) (*pb.Message, outcome) {
	if len(wire) < headBytes || wire[0] != messageVersion || wire[3] != 0 {
		return nil, refuse(malformed, "no message of version %d", messageVersion)
	}
	head, body := wire[:headBytes], wire[headBytes:]
	if binary.LittleEndian.Uint32(head[56:]) != uint32(len(body)) {
		return nil, refuse(malformed, "the length of the message is not what its head says")
	}
	if uint64(len(body)) > g.limits.messageMax {
		return nil, refuse(tooLarge, "%d bytes, at most %d", len(body), g.limits.messageMax)
	}
	if !isFlat(body) {
		return nil, refuse(malformed, "fields that no message has, twice, or cut short")
	}
	m := &pb.Message{}
	if err := decodeStrictly.Unmarshal(body, m); err != nil {
		return nil, refuse(malformed, "not a raft message")
	}
	if !headEquals(head, m) {
		return nil, refuse(headMismatch, "the head does not repeat the message")
	}
	return m, g.checkMessage(m)
}

// isFlat walks over the fields of a message without decoding them, so that a short one cannot make the
// decoder allocate much: known fields, each at most once but entries, none of them tiny.
func isFlat(body []byte) bool {
	seen := uint32(0)
	for len(body) > 0 {
		number, kind, n := protowire.ConsumeTag(body)
		if n < 0 || number > 13 {
			return false
		}
		body = body[n:]
		if number != 7 && seen&(1<<number) != 0 {
			return false
		}
		seen |= 1 << number
		var size int
		switch number {
		case 7, 9, 12: // entries, snapshot, context
			var field []byte
			if kind != protowire.BytesType {
				return false
			}
			if field, size = protowire.ConsumeBytes(body); size < 0 || number == 7 && len(field) < entryBytesMin {
				return false
			}
		default:
			if kind != protowire.VarintType {
				return false
			}
			if _, size = protowire.ConsumeVarint(body); size < 0 {
				return false
			}
		}
		body = body[size:]
	}
	return true
}

func headEquals(head []byte, m *pb.Message) bool {
	index, logTerm := place(m)
	numbers := [...]uint64{m.GetTo(), m.GetFrom(), m.GetTerm(), logTerm, index, m.GetCommit()}
	for i, n := range numbers {
		if binary.LittleEndian.Uint64(head[8+8*i:]) != n {
			return false
		}
	}
	reject := head[2] == flagReject
	return (reject || head[2] == 0) && reject == m.GetReject() &&
		uint32(head[1]) == uint32(m.GetType()) &&
		binary.LittleEndian.Uint32(head[4:]) == uint32(len(m.GetEntries()))
}

// checkMessage is what can be said of a message by itself: only what peers send to each other, addressed to
// this replica, with the parts that its type has. etcd-raft takes all that for granted.
func (g *group) checkMessage(m *pb.Message) outcome {
	for _, n := range [...]uint64{m.GetTerm(), m.GetLogTerm(), m.GetIndex(), m.GetCommit(), m.GetRejectHint()} {
		if n > placeMax {
			return refuse(malformed, "a term or an index beyond 2^52")
		}
	}
	if m.GetTo() > numberMax || m.GetFrom() > numberMax {
		return refuse(malformed, "a replica beyond 2^53")
	}
	if m.GetTo() != g.self {
		return refuse(wrongRecipient, "for replica %d, this is %d", m.GetTo(), g.self)
	}
	if m.GetFrom() == 0 || m.GetFrom() == g.self {
		return refuse(malformed, "from replica %d", m.GetFrom())
	}
	if len(m.GetContext()) > contextMax || m.Vote != nil {
		return refuse(malformed, "a context of %d bytes, or a vote that only storage has", len(m.GetContext()))
	}
	if (m.GetSnapshot() != nil) != (m.GetType() == pb.MsgSnap) {
		return refuse(malformed, "a snapshot belongs to MsgSnap, and MsgSnap to a snapshot")
	}
	termless := m.GetType() == pb.MsgProp || m.GetType() == pb.MsgReadIndex
	if termless != (m.GetTerm() == 0) {
		return refuse(malformed, "%s of term %d", m.GetType(), m.GetTerm())
	}
	return g.checkByType(m)
}

func (g *group) checkByType(m *pb.Message) outcome {
	entries := len(m.GetEntries())
	switch m.GetType() {
	case pb.MsgApp:
		return g.checkAppend(m)
	case pb.MsgSnap:
		return g.checkSnap(m, entries)
	case pb.MsgProp:
		return g.checkForwarded(m)
	case pb.MsgReadIndex, pb.MsgReadIndexResp:
		if entries != 1 || len(m.GetEntries()[0].GetData()) > contextMax {
			return refuse(malformed, "%s carries one context of at most %d bytes", m.GetType(), contextMax)
		}
		return fine
	case pb.MsgHeartbeat, pb.MsgHeartbeatResp:
		// The context of a heartbeat is the engine's own count of reads, eight bytes.
		if n := len(m.GetContext()); n != 0 && n != 8 {
			return refuse(malformed, "a heartbeat with a context of %d bytes", n)
		}
	case pb.MsgAppResp, pb.MsgVote, pb.MsgVoteResp, pb.MsgPreVote, pb.MsgPreVoteResp, pb.MsgTimeoutNow:
	default:
		return refuse(notAllowed, "%s does not travel between replicas", m.GetType())
	}
	if entries != 0 {
		return refuse(malformed, "%s with entries", m.GetType())
	}
	return fine
}

// checkAppend holds the entries of an append to what etcd-raft calls a valid slice of a log: consecutive
// indexes, terms that never fall, none above the leader's.
func (g *group) checkAppend(m *pb.Message) outcome {
	index, term := m.GetIndex(), m.GetLogTerm()
	for _, e := range m.GetEntries() {
		index++
		if e.GetIndex() != index || e.GetTerm() < term || e.GetTerm() > m.GetTerm() {
			return refuse(malformed, "entry %d of term %d does not follow", e.GetIndex(), e.GetTerm())
		}
		term = e.GetTerm()
		if uint64(len(e.GetData())) > g.limits.entryMax {
			return refuse(tooLarge, "entry %d has %d bytes, at most %d", index, len(e.GetData()), g.limits.entryMax)
		}
		if e.GetType() != pb.EntryNormal && changeOf(e) == nil {
			return refuse(malformed, "entry %d is no configuration change", index)
		}
	}
	return fine
}

func (g *group) checkSnap(m *pb.Message, entries int) outcome {
	snapshot := m.GetSnapshot()
	meta := snapshot.GetMetadata()
	switch {
	case entries != 0:
		return refuse(malformed, "MsgSnap with entries")
	case meta.GetIndex() == 0 || meta.GetIndex() > placeMax || meta.GetTerm() == 0 || meta.GetTerm() > m.GetTerm():
		return refuse(malformed, "a snapshot at index %d of term %d", meta.GetIndex(), meta.GetTerm())
	case len(snapshot.GetData()) > snapshotDataMax:
		return refuse(tooLarge, "%d bytes beside a snapshot, at most %d", len(snapshot.GetData()), snapshotDataMax)
	}
	if why := checkConf(meta.GetConfState()); why != "" {
		return refuse(malformed, "the membership of the snapshot: %s", why)
	}
	if g.outstanding {
		// The engine would take the snapshot's membership at once, under committed changes not yet applied.
		return refuse(busy, "a snapshot waits for the ready that is out")
	}
	return fine
}

func (g *group) checkForwarded(m *pb.Message) outcome {
	if !g.limits.forwards {
		return refuse(notAllowed, "proposals are not forwarded by the engine here")
	}
	if len(m.GetEntries()) == 0 {
		return refuse(malformed, "a proposal of nothing")
	}
	for _, e := range m.GetEntries() {
		size := uint64(len(e.GetData()))
		if e.GetType() != pb.EntryNormal || size == 0 {
			return refuse(malformed, "only commands are forwarded")
		}
		if size > g.limits.entryMax {
			return refuse(tooLarge, "%d bytes, at most %d", size, g.limits.entryMax)
		}
	}
	return fine
}

// waits tells which messages promise something that must be stable first (raft thesis, 3.8): they are what
// etcd-raft itself holds back until its storage has written.
func waits(m *pb.Message) bool {
	switch m.GetType() {
	case pb.MsgAppResp, pb.MsgVoteResp, pb.MsgPreVoteResp:
		return true
	default:
		return false
	}
}

// step gives the engine a message from another replica.
func (g *group) step(wire []byte) outcome {
	m, parsed := g.parseMessage(wire)
	if parsed.reason != done {
		return parsed
	}
	switch err := g.node.Step(m); err {
	case nil:
		return fine
	case raft.ErrStepPeerNotFound:
		return refuse(unknownPeer, "replica %d is not a member", m.GetFrom())
	case raft.ErrProposalDropped:
		return g.whyDropped()
	default:
		return refuse(notAllowed, "%v", err)
	}
}
