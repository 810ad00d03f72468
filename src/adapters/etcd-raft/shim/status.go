package main

import (
	"runtime"
	"sort"

	"go.etcd.io/raft/v3"
)

// status writes what is known of a group, and on its leader of each member.
func (g *group) status(w *writer) outcome {
	s := g.node.Status()
	w.u8(uint8(s.RaftState))
	w.flag(g.outstanding)
	for _, n := range []uint64{
		s.Lead, s.GetTerm(), s.GetVote(), s.GetCommit(), g.applied, s.LeadTransferee,
		g.log.floor, g.log.start, g.log.last(), g.log.bytes,
	} {
		w.number(n)
	}
	w.conf(g.conf)
	g.progress(s, w)
	return fine
}

func (g *group) progress(s raft.Status, w *writer) {
	ids := make([]uint64, 0, len(s.Progress))
	for id := range s.Progress {
		ids = append(ids, id)
	}
	sort.Slice(ids, func(a, b int) bool { return ids[a] < ids[b] })
	w.u32(uint32(len(ids)))
	for _, id := range ids {
		p := s.Progress[id]
		w.number(id)
		w.number(p.Match)
		w.number(p.Next)
		w.u8(uint8(p.State))
		w.flag(p.IsLearner)
		w.flag(p.RecentActive)
		w.number(p.PendingSnapshot)
		w.u32(uint32(p.Inflights.Count()))
	}
}

// memory writes what the collector knows: bytes in use, bytes taken from the host, collections so far.
func memory(w *writer) {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	w.number(m.HeapAlloc)
	w.number(m.Sys)
	w.u32(m.NumGC)
}
