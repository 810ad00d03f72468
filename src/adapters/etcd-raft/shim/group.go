package main

import (
	"fmt"

	"go.etcd.io/raft/v3"
	pb "go.etcd.io/raft/v3/raftpb"
	"google.golang.org/protobuf/proto"
)

const snapshotDataMax = 64 << 10

// group is one replica: etcd-raft's RawNode, its log tail, and the ready that the host has not finished.
type group struct {
	id   uint32
	self uint64
	node *raft.RawNode
	log  *tail
	conf *pb.ConfState // of the applied index

	applied     uint64
	outstanding bool
	pending     raft.Ready
	unhandled   []*pb.Entry // configuration changes of the pending ready that the host must still judge

	queued  bool   // stands in the queue of groups that may have something ready
	failure string // not empty: a panic ended it; nothing but closing or opening again is left
	limits  limits
}

// limits are the settings that the module itself looks after.
type limits struct {
	messageMax, entryMax uint64
	forwards             bool
}

// settings of a group as the frame gives them.
type settings struct {
	self                          uint64
	electionTicks, heartbeatTicks uint32
	preVote, checkQuorum          bool
	stepDownOnRemoval, forwards   bool
	messageMax, committedMax      uint64
	uncommittedMax, entryMax      uint64
	inflightMessages              uint32
	inflightBytes                 uint64
	tailEntries                   uint32
	tailBytes                     uint64
	logLevel                      uint8
}

func (r *reader) settings() settings {
	return settings{
		self: r.number(), electionTicks: r.u32(), heartbeatTicks: r.u32(),
		preVote: r.flag(), checkQuorum: r.flag(), stepDownOnRemoval: r.flag(), forwards: r.flag(),
		messageMax: r.number(), committedMax: r.number(), uncommittedMax: r.number(), entryMax: r.number(),
		inflightMessages: r.u32(), inflightBytes: r.number(),
		tailEntries: r.u32(), tailBytes: r.number(), logLevel: r.u8(),
	}
}

func (s settings) check() string {
	within := func(what string, n, least, most uint64) string {
		if n < least || n > most {
			return fmt.Sprintf("%s is %d, not in [%d, %d]", what, n, least, most)
		}
		return ""
	}
	for _, wrong := range []string{
		within("the replica's id", s.self, 1, numberMax),
		within("heartbeat ticks", uint64(s.heartbeatTicks), 1, 1000),
		within("election ticks", uint64(s.electionTicks), uint64(s.heartbeatTicks)+1, 100_000),
		within("message bytes", s.messageMax, 1<<10, 16<<20),
		within("committed bytes", s.committedMax, 1<<10, 64<<20),
		within("uncommitted bytes", s.uncommittedMax, 1<<10, 1<<30),
		within("entry bytes", s.entryMax, 1, 16<<20),
		within("messages in flight", uint64(s.inflightMessages), 1, 4096),
		within("bytes in flight", s.inflightBytes, s.messageMax, 1<<30),
		within("tail entries", uint64(s.tailEntries), 16, 1<<20),
		within("tail bytes", s.tailBytes, 64<<10, 1<<30),
		within("log level", uint64(s.logLevel), 0, logDebug),
	} {
		if wrong != "" {
			return wrong
		}
	}
	return ""
}

// stored is a group's state as the host kept it.
type stored struct {
	hard                  *pb.HardState
	applied               uint64
	conf                  *pb.ConfState // of the applied index
	floorIndex, floorTerm uint64
	entries               []*pb.Entry
}

func (r *reader) stored() stored {
	s := stored{hard: r.hard(), applied: r.number(), conf: r.conf(), floorIndex: r.number(), floorTerm: r.number()}
	s.entries = r.entries()
	return s
}

func (r *reader) hard() *pb.HardState {
	return &pb.HardState{Term: proto.Uint64(r.number()), Vote: proto.Uint64(r.number()), Commit: proto.Uint64(r.number())}
}

func (r *reader) entries() []*pb.Entry {
	var list []*pb.Entry
	for n := r.count(21); n > 0; n-- {
		e := &pb.Entry{Index: proto.Uint64(r.number()), Term: proto.Uint64(r.number())}
		if kind := pb.EntryType(r.u8()); kind > pb.EntryConfChangeV2 {
			r.bad = true
		} else if kind != pb.EntryNormal {
			e.Type = kind.Enum()
		}
		e.Data = r.copied()
		list = append(list, e)
	}
	return list
}

// check names what cannot be true of a stored state (the host refuses to start such a group).
func (s stored) check() string {
	commit, term, last := s.hard.GetCommit(), s.hard.GetTerm(), s.floorIndex+uint64(len(s.entries))
	if why := checkRun(s.entries, s.floorIndex, s.floorTerm); why != "" {
		return why
	}
	if why := checkConf(s.conf); why != "" {
		return "membership: " + why
	}
	lastTerm := s.floorTerm
	if n := len(s.entries); n > 0 {
		lastTerm = s.entries[n-1].GetTerm()
	}
	switch {
	case commit < s.floorIndex || commit > last:
		return fmt.Sprintf("commit %d is outside of the log [%d, %d]", commit, s.floorIndex, last)
	case s.applied < s.floorIndex || s.applied > commit:
		return fmt.Sprintf("applied %d is outside of [%d, %d], the committed log", s.applied, s.floorIndex, commit)
	case lastTerm > term:
		return fmt.Sprintf("the log ends with term %d, the hard state says %d", lastTerm, term)
	case (s.floorIndex == 0) != (s.floorTerm == 0):
		return fmt.Sprintf("the log begins after index %d of term %d", s.floorIndex, s.floorTerm)
	case len(s.conf.GetVoters()) == 0 && s.floorIndex > 0:
		return "a log without a membership"
	case len(s.conf.GetVoters()) > 0 && s.floorIndex == 0:
		return "the first membership sits in a snapshot at index 1 or more"
	}
	return ""
}

// checkRun says where entries do not follow each other, or the index and term before them.
func checkRun(entries []*pb.Entry, index, term uint64) string {
	for _, e := range entries {
		index++
		if e.GetIndex() != index {
			return fmt.Sprintf("a gap in the log: entry %d where %d must stand", e.GetIndex(), index)
		}
		if e.GetTerm() < term {
			return fmt.Sprintf("entry %d has term %d, the one before it %d", index, e.GetTerm(), term)
		}
		term = e.GetTerm()
	}
	return ""
}

// start makes the replica from what was stored.
func (g *group) start(s settings, from stored) outcome {
	if wrong := s.check(); wrong != "" {
		return refuse(badSettings, "%s", wrong)
	}
	if wrong := from.check(); wrong != "" {
		return refuse(badState, "%s", wrong)
	}
	log := &tail{
		hard: from.hard, conf: from.conf, entriesMax: int(s.tailEntries), bytesMax: s.tailBytes,
		windowTicks: 4 * int(s.electionTicks),
	}
	log.reset(from.floorIndex, from.floorTerm)
	log.append(from.entries)
	node, err := raft.NewRawNode(&raft.Config{
		ID: s.self, ElectionTick: int(s.electionTicks), HeartbeatTick: int(s.heartbeatTicks),
		Storage: log, Applied: from.applied, Logger: logger{g.id, s.logLevel},
		PreVote: s.preVote, CheckQuorum: s.checkQuorum, StepDownOnRemoval: s.stepDownOnRemoval,
		DisableProposalForwarding: !s.forwards, ReadOnlyOption: raft.ReadOnlySafe,
		MaxSizePerMsg: s.messageMax, MaxCommittedSizePerReady: s.committedMax,
		MaxUncommittedEntriesSize: s.uncommittedMax,
		MaxInflightMsgs:           int(s.inflightMessages), MaxInflightBytes: s.inflightBytes,
	})
	if err != nil {
		return refuse(badSettings, "%v", err)
	}
	log.trim(from.applied)
	g.self, g.node, g.log, g.conf, g.applied = s.self, node, log, from.conf, from.applied
	g.limits = limits{max(s.messageMax, s.entryMax) + messageSlack, s.entryMax, s.forwards}
	return fine
}

// fail ends a group after a panic and lets go of all that it held.
func (g *group) fail(cause any) {
	text := fmt.Sprint(cause)
	if len(text) > textMax {
		text = text[:textMax]
	}
	*g = group{id: g.id, queued: g.queued, failure: "panic: " + text}
}

// run does something to a live group. A panic inside is the group's failure and nobody else's.
func (g *group) run(act func() outcome) (result outcome) {
	if g.failure != "" {
		return outcome{failed, g.failure}
	}
	defer func() {
		if cause := recover(); cause != nil {
			g.fail(cause)
			result = outcome{failed, g.failure}
		}
	}()
	return act()
}

func (g *group) tick() outcome {
	g.node.Tick()
	g.log.age()
	return fine
}

// propose appends commands, one entry each, by one message.
func (g *group) propose(commands [][]byte) outcome {
	entries := make([]*pb.Entry, len(commands))
	for i, data := range commands {
		if len(data) == 0 {
			return refuse(malformed, "an empty command: the engine's own entries are empty")
		}
		if uint64(len(data)) > g.limits.entryMax {
			return refuse(tooLarge, "%d bytes, at most %d", len(data), g.limits.entryMax)
		}
		entries[i] = &pb.Entry{Data: append([]byte(nil), data...)}
	}
	if len(entries) == 0 {
		return refuse(malformed, "a proposal of nothing")
	}
	if g.node.Step(&pb.Message{Type: pb.MsgProp.Enum(), From: proto.Uint64(g.self), Entries: entries}) != nil {
		return g.whyDropped()
	}
	return fine
}

// whyDropped finds out what etcd-raft's one error for a dropped proposal meant.
func (g *group) whyDropped() outcome {
	status := g.node.BasicStatus()
	switch {
	case status.Lead == raft.None:
		return refuse(noLeader, "no leader at term %d", status.GetTerm())
	case status.RaftState != raft.StateLeader:
		return refuse(notLeader, "replica %d leads", status.Lead)
	case status.LeadTransferee != raft.None:
		return refuse(transferring, "leadership is on its way to replica %d", status.LeadTransferee)
	case !contains(g.conf.GetVoters(), g.self) && !contains(g.conf.GetVotersOutgoing(), g.self):
		return refuse(notMember, "replica %d is not a voter any more", g.self)
	default:
		return refuse(uncommittedFull, "too much is proposed and not yet committed")
	}
}

// proposeChange appends a configuration change. etcd-raft answers one that must wait with an empty entry in
// its place, silently; here that is a refusal.
func (g *group) proposeChange(cc *pb.ConfChangeV2) outcome {
	if status := g.node.BasicStatus(); status.RaftState != raft.StateLeader || status.LeadTransferee != raft.None {
		return g.whyDropped()
	}
	joint, leaves := len(g.conf.GetVotersOutgoing()) > 0, cc.LeaveJoint()
	switch {
	case joint && !leaves:
		return refuse(confJoint, "the joint membership must be left first")
	case !joint && leaves:
		return refuse(confNotJoint, "there is no joint membership to leave")
	}
	if err := checkChange(g.conf, cc); err != nil {
		return refuse(confInvalid, "%v", err)
	}
	data, err := encodeFixed.Marshal(cc)
	if err != nil {
		return refuse(malformed, "%v", err)
	}
	if uint64(len(data)) > g.limits.entryMax {
		return refuse(tooLarge, "%d bytes, at most %d", len(data), g.limits.entryMax)
	}
	m := &pb.Message{Type: pb.MsgProp.Enum(), From: proto.Uint64(g.self),
		Entries: []*pb.Entry{{Type: pb.EntryConfChangeV2.Enum(), Data: data}}}
	if g.node.Step(m) != nil {
		return g.whyDropped()
	}
	if m.GetEntries()[0].GetType() == pb.EntryNormal {
		return refuse(confPending, "an earlier change is not applied here, or may not be")
	}
	return fine
}

func (g *group) transfer(to uint64) outcome {
	if status := g.node.BasicStatus(); status.RaftState != raft.StateLeader {
		return g.whyDropped()
	}
	if to == g.self || !contains(g.conf.GetVoters(), to) {
		return refuse(unknownPeer, "replica %d is no other voter", to)
	}
	g.node.TransferLeader(to)
	return fine
}

func (g *group) readIndex(context []byte) outcome {
	if len(context) == 0 || len(context) > contextMax {
		return refuse(malformed, "a context of %d bytes, 1 to %d are allowed", len(context), contextMax)
	}
	if g.node.BasicStatus().Lead == raft.None {
		return g.whyDropped()
	}
	g.node.ReadIndex(append([]byte(nil), context...))
	return fine
}

// compact tells that the host has dropped the log at and below index.
func (g *group) compact(index uint64) outcome {
	if index > g.applied {
		return refuse(beyondApplied, "index %d, applied %d", index, g.applied)
	}
	if index > g.log.floor {
		g.log.compact(index)
	}
	return fine
}

// supply hands in older entries that were wanted.
func (g *group) supply(entries []*pb.Entry) outcome {
	if len(entries) == 0 {
		return refuse(malformed, "no entries")
	}
	first, last := entries[0].GetIndex(), entries[len(entries)-1].GetIndex()
	if first <= g.log.floor {
		return refuse(compacted, "entry %d, the log begins after %d", first, g.log.floor)
	}
	if last > g.log.start {
		return refuse(notInLog, "entry %d is in memory: older ones end with %d", last, g.log.start)
	}
	if why := checkRun(entries, first-1, g.log.termOf(first-1)); why != "" {
		return refuse(notInLog, "%s", why)
	}
	bytes := uint64(0)
	for _, e := range entries {
		bytes += costOf(e)
		if e.GetTerm() != g.log.termOf(e.GetIndex()) {
			return refuse(notInLog, "entry %d has term %d in the log", e.GetIndex(), g.log.termOf(e.GetIndex()))
		}
	}
	if most := g.log.bytesMax + g.limits.messageMax; bytes > most {
		return refuse(tooLarge, "%d bytes of older entries, at most %d", bytes, most)
	}
	g.log.supply(entries)
	return fine
}

// offerSnapshot names the snapshot that followers get whom no entries can help.
func (g *group) offerSnapshot(s *pb.Snapshot) outcome {
	meta := s.GetMetadata()
	index := meta.GetIndex()
	switch {
	case index < g.log.floor || index == 0:
		return refuse(compacted, "a snapshot at %d, the log begins after %d", index, g.log.floor)
	case index > g.applied:
		return refuse(beyondApplied, "a snapshot at %d, applied %d", index, g.applied)
	case meta.GetTerm() != g.log.termOf(index):
		return refuse(notInLog, "index %d has term %d in the log", index, g.log.termOf(index))
	case len(s.GetData()) > snapshotDataMax:
		return refuse(tooLarge, "%d bytes beside a snapshot, at most %d", len(s.GetData()), snapshotDataMax)
	case len(meta.GetConfState().GetVoters()) == 0:
		return refuse(confInvalid, "a snapshot without a membership")
	}
	if why := checkConf(meta.GetConfState()); why != "" {
		return refuse(confInvalid, "%s", why)
	}
	g.log.offer = s
	return fine
}
