package main

import (
	"bytes"
	"math/rand"
	"testing"

	"go.etcd.io/raft/v3"
	pb "go.etcd.io/raft/v3/raftpb"
	"google.golang.org/protobuf/proto"
)

func entryAt(index, term uint64, size int) *pb.Entry {
	return &pb.Entry{Index: proto.Uint64(index), Term: proto.Uint64(term), Data: bytes.Repeat([]byte{byte(term)}, size)}
}

// pair is a tail beside etcd-raft's own storage, which keeps everything: the tail must say the same, or say
// that the host has it.
type pair struct {
	t       *testing.T
	random  *rand.Rand
	tail    *tail
	model   *raft.MemoryStorage
	applied uint64
	term    uint64
}

func newPair(t *testing.T, seed int64) *pair {
	p := &pair{t: t, random: rand.New(rand.NewSource(seed)), applied: 1, term: 1, model: raft.NewMemoryStorage(),
		tail: &tail{entriesMax: 20, bytesMax: 8000, windowTicks: 5}}
	p.tail.reset(1, 1)
	p.snapshot(1)
	return p
}

func (p *pair) snapshot(index uint64) {
	if err := p.model.ApplySnapshot(&pb.Snapshot{Metadata: &pb.SnapshotMetadata{
		Index: proto.Uint64(index), Term: proto.Uint64(p.term), ConfState: &pb.ConfState{Voters: []uint64{1}}}}); err != nil {
		p.t.Fatal(err)
	}
}

// act does one random thing to both.
func (p *pair) act() {
	last := p.tail.last()
	switch p.random.Intn(10) {
	case 0: // a new term overwrites what is not applied
		p.term++
		p.append(p.applied+1+uint64(p.random.Intn(int(last-p.applied)+1)), 1+p.random.Intn(3))
	case 1:
		if p.applied > p.tail.floor {
			index := p.tail.floor + 1 + uint64(p.random.Intn(int(p.applied-p.tail.floor)))
			p.tail.compact(index)
			if err := p.model.Compact(index); err != nil {
				p.t.Fatal(err)
			}
		}
	case 2:
		if p.random.Intn(20) == 0 {
			p.term++
			index := last + 1 + uint64(p.random.Intn(5))
			p.tail.reset(index, p.term)
			p.snapshot(index)
			p.applied = index
		}
	case 3:
		p.supply()
	case 4:
		p.tail.age()
	case 5, 6:
		p.applied += uint64(p.random.Intn(int(last-p.applied) + 1))
		p.tail.trim(p.applied)
	default:
		p.append(last+1, 1+p.random.Intn(6))
	}
}

func (p *pair) append(first uint64, count int) {
	var entries []*pb.Entry
	for i := range count {
		entries = append(entries, entryAt(first+uint64(i), p.term, p.random.Intn(900)))
	}
	p.tail.append(entries)
	if err := p.model.Append(entries); err != nil {
		p.t.Fatal(err)
	}
}

func (p *pair) supply() {
	if p.tail.floor == p.tail.start {
		return
	}
	first := p.tail.floor + 1 + uint64(p.random.Intn(int(p.tail.start-p.tail.floor)))
	end := min(p.tail.start, first+uint64(p.random.Intn(8))) + 1
	entries, err := p.model.Entries(first, end, 1<<40)
	if err != nil {
		p.t.Fatal(err)
	}
	p.tail.supply(entries)
}

func (p *pair) compare() {
	first, _ := p.tail.FirstIndex()
	last, _ := p.tail.LastIndex()
	modelFirst, _ := p.model.FirstIndex()
	modelLast, _ := p.model.LastIndex()
	if first != modelFirst || last != modelLast {
		p.t.Fatalf("the log is [%d, %d], must be [%d, %d]", first, last, modelFirst, modelLast)
	}
	for i := first - min(first, 3); i <= last+2; i++ {
		term, err := p.tail.Term(i)
		modelTerm, modelErr := p.model.Term(i)
		if term != modelTerm || err != modelErr {
			p.t.Fatalf("the term of %d is %d, %v, must be %d, %v", i, term, err, modelTerm, modelErr)
		}
	}
	for range 10 {
		if first > last {
			break
		}
		lo := first + uint64(p.random.Intn(int(last-first)+1))
		p.compareEntries(lo, lo+1+uint64(p.random.Intn(int(last-lo)+1)), uint64(p.random.Intn(4000)))
	}
	p.checkBounds()
}

// compareEntries asks both. From older entries the tail may give fewer, but no others; what it does not have
// at all, it must ask the host for.
func (p *pair) compareEntries(lo, hi, size uint64) {
	p.tail.wants, p.tail.missing = wants{}, 0
	got, err := p.tail.Entries(lo, hi, size)
	want, _ := p.model.Entries(lo, hi, size)
	if err != nil {
		if err != raft.ErrCompacted || lo > p.tail.start || len(p.tail.wants.entries) != 1 || p.tail.wants.entries[0] != lo {
			p.t.Fatalf("entries [%d, %d): %v, wants %v", lo, hi, err, p.tail.wants)
		}
		if _, err := p.tail.Snapshot(); err != raft.ErrSnapshotTemporarilyUnavailable || p.tail.wants.snapshot {
			p.t.Fatalf("a snapshot where the host has the entries: %v", err)
		}
		return
	}
	if len(got) == 0 || len(got) > len(want) || lo > p.tail.start && len(got) != len(want) {
		p.t.Fatalf("%d entries of [%d, %d), must be %d", len(got), lo, hi, len(want))
	}
	for i := range got {
		if !proto.Equal(got[i], want[i]) {
			p.t.Fatalf("another entry at %d", lo+uint64(i))
		}
	}
}

func (p *pair) checkBounds() {
	if p.tail.start > p.applied || p.tail.floor > p.tail.start || len(p.tail.windows) > windowsMax {
		p.t.Fatalf("floor %d, start %d, applied %d, %d windows", p.tail.floor, p.tail.start, p.applied, len(p.tail.windows))
	}
	bytes := uint64(0)
	for _, e := range p.tail.entries {
		bytes += costOf(e)
	}
	if bytes != p.tail.bytes {
		p.t.Fatalf("%d bytes, counted %d", bytes, p.tail.bytes)
	}
	p.tail.trim(p.applied)
	if n := len(p.tail.entries); n > p.tail.entriesMax && p.tail.start < p.applied {
		p.t.Fatalf("%d applied entries beyond the bound stay", n)
	}
}

func TestTailSaysWhatACompleteLogSays(t *testing.T) {
	for seed := range int64(300) {
		p := newPair(t, seed)
		for range 150 {
			p.act()
			p.compare()
		}
	}
}

func TestSlicesGivenOutStayAsTheyWere(t *testing.T) {
	log := &tail{entriesMax: 4, bytesMax: 1 << 20}
	log.reset(1, 1)
	log.append([]*pb.Entry{entryAt(2, 1, 1), entryAt(3, 1, 1), entryAt(4, 1, 1), entryAt(5, 1, 1)})
	given, _ := log.Entries(3, 6, 1<<20)
	log.append([]*pb.Entry{entryAt(4, 2, 1), entryAt(5, 2, 1), entryAt(6, 2, 1)})
	log.trim(6)
	log.compact(5)
	_ = append(given, entryAt(6, 7, 1))
	for i, e := range given {
		if e.GetIndex() != uint64(3+i) || e.GetTerm() != 1 {
			t.Fatalf("entry %d became %v", 3+i, e)
		}
	}
	if term, _ := log.Term(6); term != 2 {
		t.Fatalf("term %d", term)
	}
}

func TestWindowsThatNobodyAsksForAreDropped(t *testing.T) {
	log := &tail{entriesMax: 1, bytesMax: 1 << 20, windowTicks: 3}
	log.reset(1, 1)
	old := []*pb.Entry{entryAt(2, 1, 1), entryAt(3, 1, 1)}
	log.append(append(old, entryAt(4, 1, 1)))
	log.trim(4)
	log.supply(old)
	for range 3 {
		log.age()
	}
	if got, err := log.Entries(2, 4, 1<<20); err != nil || len(got) != 2 {
		t.Fatalf("%d entries, %v", len(got), err)
	}
	for range 4 {
		log.age()
	}
	if _, err := log.Entries(2, 4, 1<<20); err != raft.ErrCompacted {
		t.Fatalf("a window is still there: %v", err)
	}
}

func TestSnapshotIsOfferedOnlyBelowTheLog(t *testing.T) {
	log := &tail{entriesMax: 1, bytesMax: 1 << 20}
	log.reset(5, 1)
	if _, err := log.Snapshot(); err != raft.ErrSnapshotTemporarilyUnavailable || !log.wants.snapshot {
		t.Fatalf("%v, wants %v", err, log.wants)
	}
	log.append([]*pb.Entry{entryAt(6, 1, 1), entryAt(7, 1, 1), entryAt(8, 1, 1)})
	log.offer = &pb.Snapshot{Metadata: &pb.SnapshotMetadata{Index: proto.Uint64(6), Term: proto.Uint64(1)}}
	if s, err := log.Snapshot(); err != nil || s.GetMetadata().GetIndex() != 6 {
		t.Fatalf("no offer: %v", err)
	}
	log.compact(7)
	if _, err := log.Snapshot(); err != raft.ErrSnapshotTemporarilyUnavailable {
		t.Fatalf("an offer that leads nowhere: %v", err)
	}
}
