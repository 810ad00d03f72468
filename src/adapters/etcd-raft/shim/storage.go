package main

import (
	"sort"

	"go.etcd.io/raft/v3"
	pb "go.etcd.io/raft/v3/raftpb"
	"google.golang.org/protobuf/proto"
)

// What an entry costs in memory beyond its data, about: the structure, its numbers, its place in slices.
const entryOverhead = 160

// At most so many stretches of older entries are held for followers that lag.
const windowsMax = 4

// tail is the log as the engine sees it (raft.Storage). All of it reaches from floor to last; in memory are
// the newest entries, bounded in count and bytes. The terms of all of it are known as runs, which take a few
// bytes for each change of leader. Entries between floor and start are with the host: when the engine wants
// one for a follower that lags, the want is noted for the host, who supplies them as a window.
type tail struct {
	hard *pb.HardState
	conf *pb.ConfState // of the applied index; read once, when the group opens

	floor   uint64      // only a snapshot brings what is at or below it
	start   uint64      // entries in memory begin after it; floor <= start <= applied
	entries []*pb.Entry // never changed in place: slices of it may be on their way out
	bytes   uint64
	runs    []run
	windows []*window

	offer *pb.Snapshot
	wants wants
	// The older entry that was asked for last and was not there: tells Snapshot that the host can help.
	missing uint64

	entriesMax  int
	bytesMax    uint64
	windowTicks int
}

// run says that the entries from index on have term, up to the next run.
type run struct{ from, term uint64 }

// window holds older entries that the host supplied. One that nobody asks for is dropped.
type window struct {
	entries []*pb.Entry
	idle    int
}

// wants is what the engine could not give to followers: older entries from the indexes, or a snapshot.
type wants struct {
	entries  []uint64
	snapshot bool
}

func (t *tail) last() uint64 { return t.start + uint64(len(t.entries)) }

func (t *tail) InitialState() (*pb.HardState, *pb.ConfState, error) { return t.hard, t.conf, nil }
func (t *tail) FirstIndex() (uint64, error)                         { return t.floor + 1, nil }
func (t *tail) LastIndex() (uint64, error)                          { return t.last(), nil }

func (t *tail) Term(i uint64) (uint64, error) {
	if i < t.floor {
		return 0, raft.ErrCompacted
	}
	if i > t.last() {
		return 0, raft.ErrUnavailable
	}
	return t.termOf(i), nil
}

// termOf is the term of an index in [floor, last].
func (t *tail) termOf(i uint64) uint64 {
	next := sort.Search(len(t.runs), func(k int) bool { return t.runs[k].from > i })
	return t.runs[next-1].term
}

func (t *tail) Entries(lo, hi, maxSize uint64) ([]*pb.Entry, error) {
	if lo <= t.floor {
		return nil, raft.ErrCompacted
	}
	if hi > t.last()+1 || lo >= hi {
		panic("the engine asked for entries beyond the log")
	}
	if lo > t.start {
		return limited(t.entries[lo-t.start-1:hi-t.start-1], maxSize), nil
	}
	for _, w := range t.windows {
		first := w.entries[0].GetIndex()
		if end := first + uint64(len(w.entries)); first <= lo && lo < end {
			w.idle = 0
			return limited(w.entries[lo-first:min(hi, end)-first], maxSize), nil
		}
	}
	t.missing = lo
	t.wants.add(lo)
	return nil, raft.ErrCompacted
}

// limited is the longest prefix within maxSize, but at least one entry; appending to it copies.
func limited(entries []*pb.Entry, maxSize uint64) []*pb.Entry {
	size := uint64(0)
	for n, e := range entries {
		size += uint64(proto.Size(e))
		if n > 0 && size > maxSize {
			return entries[:n:n]
		}
	}
	return entries[:len(entries):len(entries)]
}

// Snapshot is asked for when entries for a follower are not there. If the host has them, it was asked for
// them already; else the offer goes out, and without an offer a snapshot is wanted.
func (t *tail) Snapshot() (*pb.Snapshot, error) {
	missing := t.missing
	t.missing = 0
	switch {
	case missing > t.floor:
	case t.offer != nil:
		return proto.Clone(t.offer).(*pb.Snapshot), nil
	default:
		t.wants.snapshot = true
	}
	return nil, raft.ErrSnapshotTemporarilyUnavailable
}

func (w *wants) add(index uint64) {
	for _, i := range w.entries {
		if i == index {
			return
		}
	}
	if len(w.entries) < windowsMax {
		w.entries = append(w.entries, index)
	}
}

func (w *wants) any() bool { return w.snapshot || len(w.entries) > 0 }

// append takes entries that are stable now; they replace what stands from the first one's index on.
func (t *tail) append(entries []*pb.Entry) {
	if len(entries) == 0 {
		return
	}
	first := entries[0].GetIndex()
	if first <= t.start || first > t.last()+1 {
		panic("entries that do not continue the log")
	}
	keep := int(first - t.start - 1)
	for _, e := range t.entries[keep:] {
		t.bytes -= costOf(e)
	}
	if keep < len(t.entries) {
		t.entries = t.entries[:keep:keep] // what follows may be on its way out: appending must copy
	}
	t.entries = append(t.entries, entries...)
	t.runs = t.runs[:sort.Search(len(t.runs), func(k int) bool { return t.runs[k].from >= first })]
	for _, e := range entries {
		t.bytes += costOf(e)
		t.addRun(e)
	}
}

func (t *tail) addRun(e *pb.Entry) {
	if n := len(t.runs); n == 0 || t.runs[n-1].term != e.GetTerm() {
		t.runs = append(t.runs, run{e.GetIndex(), e.GetTerm()})
	}
}

func costOf(e *pb.Entry) uint64 { return uint64(len(e.Data)) + entryOverhead }

// reset makes the log what a snapshot left of it: nothing.
func (t *tail) reset(index, term uint64) {
	t.floor, t.start = index, index
	t.entries, t.bytes = nil, 0
	t.runs = []run{{index, term}}
	t.windows, t.offer, t.wants, t.missing = nil, nil, wants{}, 0
}

// trim drops the oldest entries from memory until they are within bounds, never one that is not applied.
// It drops a quarter more than it must, so that it copies rarely.
func (t *tail) trim(applied uint64) {
	if len(t.entries) <= t.entriesMax && t.bytes <= t.bytesMax {
		return
	}
	n, bytes := 0, t.bytes
	for n < len(t.entries) && t.entries[n].GetIndex() <= applied &&
		(len(t.entries)-n > t.entriesMax*3/4 || bytes > t.bytesMax*3/4) {
		bytes -= costOf(t.entries[n])
		n++
	}
	t.drop(n)
}

func (t *tail) drop(n int) {
	for _, e := range t.entries[:n] {
		t.bytes -= costOf(e)
	}
	t.entries = append([]*pb.Entry(nil), t.entries[n:]...)
	t.start += uint64(n)
}

// compact raises the floor: the host has dropped what is at or below index. Index is in [floor, applied].
func (t *tail) compact(index uint64) {
	term := t.termOf(index)
	if index > t.start {
		t.drop(int(index - t.start))
	}
	t.floor = index
	keep := sort.Search(len(t.runs), func(k int) bool { return t.runs[k].from > index })
	t.runs = append([]run{{index, term}}, t.runs[keep:]...)
	if t.offer.GetMetadata().GetIndex() < index {
		t.offer = nil
	}
	t.keepWindows(func(w *window) bool { return w.entries[0].GetIndex() > index })
}

// supply keeps older entries for followers that lag. They are in (floor, start] and have the terms of the log.
func (t *tail) supply(entries []*pb.Entry) {
	first := entries[0].GetIndex()
	t.keepWindows(func(w *window) bool { return w.entries[0].GetIndex() != first })
	if len(t.windows) == windowsMax {
		t.windows = t.windows[1:]
	}
	t.windows = append(t.windows, &window{entries: entries})
}

// age counts a tick and drops windows that nobody asked for since windowTicks.
func (t *tail) age() {
	for _, w := range t.windows {
		w.idle++
	}
	t.keepWindows(func(w *window) bool { return w.idle <= t.windowTicks })
}

func (t *tail) keepWindows(good func(*window) bool) {
	if len(t.windows) == 0 {
		return
	}
	var kept []*window
	for _, w := range t.windows {
		if good(w) {
			kept = append(kept, w)
		}
	}
	t.windows = kept
}
