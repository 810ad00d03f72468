package main

import (
	"go.etcd.io/raft/v3"
	pb "go.etcd.io/raft/v3/raftpb"
)

// Kinds of items in the answer to ready.
const (
	itemReady  = 0
	itemWants  = 1
	itemFailed = 2
)

const (
	hasHardState = 1 << iota
	mustSync
	hasSoftState
	hasSnapshot
)

// takeReady writes what one group has ready. It is out from then on, until advance.
func (g *group) takeReady(w *writer) outcome {
	rd := g.node.Ready()
	g.pending, g.outstanding, g.unhandled = rd, true, nil
	hard, snapshot := !raft.IsEmptyHardState(rd.HardState), !raft.IsEmptySnap(rd.Snapshot)
	w.u8(itemReady)
	w.u32(g.id)
	w.u8(bit(hasHardState, hard) | bit(mustSync, rd.MustSync || snapshot) |
		bit(hasSoftState, rd.SoftState != nil) | bit(hasSnapshot, snapshot))
	if hard {
		w.number(rd.HardState.GetTerm())
		w.number(rd.HardState.GetVote())
		w.number(rd.HardState.GetCommit())
	}
	if rd.SoftState != nil {
		w.number(rd.SoftState.Lead)
		w.u8(uint8(rd.SoftState.RaftState))
	}
	if snapshot {
		w.snapshot(rd.Snapshot)
	}
	w.u32(uint32(len(rd.Entries)))
	for _, e := range rd.Entries {
		w.entry(e)
	}
	w.u32(uint32(len(rd.Messages)))
	for _, m := range rd.Messages {
		w.flag(waits(m))
		at := w.open()
		if err := w.message(m); err != nil {
			panic(err)
		}
		w.close(at)
	}
	w.u32(uint32(len(rd.CommittedEntries)))
	for _, e := range rd.CommittedEntries {
		g.committed(w, e)
	}
	w.u32(uint32(len(rd.ReadStates)))
	for _, read := range rd.ReadStates {
		w.number(read.Index)
		w.bytes(read.RequestCtx)
	}
	return fine
}

func bit(mask uint8, on bool) uint8 {
	if on {
		return mask
	}
	return 0
}

func (w *writer) entry(e *pb.Entry) {
	w.number(e.GetIndex())
	w.number(e.GetTerm())
	w.u8(uint8(e.GetType()))
	w.bytes(e.GetData())
}

func (w *writer) snapshot(s *pb.Snapshot) {
	meta := s.GetMetadata()
	w.number(meta.GetIndex())
	w.number(meta.GetTerm())
	w.conf(meta.GetConfState())
	w.bytes(s.GetData())
}

// committed writes an entry to apply: a command's data, or a change in the host's own terms. A change that
// cannot be read is an empty one.
func (g *group) committed(w *writer, e *pb.Entry) {
	w.number(e.GetIndex())
	w.number(e.GetTerm())
	if e.GetType() == pb.EntryNormal {
		w.u8(0)
		w.bytes(e.GetData())
		return
	}
	g.unhandled = append(g.unhandled, e)
	w.u8(1)
	w.change(changeOf(e))
}

// judgeChange applies the next configuration change of the ready that is out, or passes over it, and writes
// whether it is in force, the membership that follows, and why not. A change that this membership cannot take
// is passed over, on every replica alike.
func (g *group) judgeChange(index uint64, accept bool, w *writer) outcome {
	if len(g.unhandled) == 0 || g.unhandled[0].GetIndex() != index {
		return refuse(notReady, "no change at %d is next", index)
	}
	cc := changeOf(g.unhandled[0])
	g.unhandled = g.unhandled[1:]
	why := ""
	switch {
	case !accept:
		why = "refused by the host"
	case cc == nil:
		why = "not a change"
	default:
		if err := tryChange(g.conf, cc); err != nil {
			why = err.Error()
		}
	}
	if why == "" {
		g.conf = g.node.ApplyConfChange(cc)
	}
	w.flag(why == "")
	w.conf(g.conf)
	w.text(why)
	return fine
}

// advance tells the engine that the ready that is out is stable, sent and applied.
func (g *group) advance() outcome {
	if !g.outstanding {
		return refuse(notReady, "no ready is out")
	}
	if len(g.unhandled) > 0 {
		return refuse(confUnhandled, "the change at %d was neither applied nor refused", g.unhandled[0].GetIndex())
	}
	rd := g.pending
	g.pending, g.outstanding = raft.Ready{}, false
	if !raft.IsEmptySnap(rd.Snapshot) {
		meta := rd.Snapshot.GetMetadata()
		g.log.reset(meta.GetIndex(), meta.GetTerm())
		g.conf, g.applied = meta.GetConfState(), meta.GetIndex()
	}
	g.log.append(rd.Entries)
	if n := len(rd.CommittedEntries); n > 0 {
		g.applied = rd.CommittedEntries[n-1].GetIndex()
	}
	g.node.Advance(rd)
	g.log.trim(g.applied)
	return fine
}

func (w *writer) wants(g *group) {
	w.u8(itemWants)
	w.u32(g.id)
	w.flag(g.log.wants.snapshot)
	w.numbers(g.log.wants.entries)
	g.log.wants = wants{}
}
