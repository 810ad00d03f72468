// Command raft-engine is etcd-raft for a host in another language: many groups in one WebAssembly instance,
// driven by frames (docs/engine.md, "Frames"). It has no clock, no files and no network; what it needs of
// chance it asks of the host.
package main

import (
	"fmt"

	"go.etcd.io/raft/v3"
	pb "go.etcd.io/raft/v3/raftpb"
	"google.golang.org/protobuf/proto"
)

// Operations; a frame asks for one, on a list of items.
const (
	opOpen = 1 + iota
	opClose
	opTick
	opStep
	opPropose
	opProposeChange
	opJudgeChange
	opTransfer
	opReadIndex
	opUnreachable
	opSnapshotSent
	opCampaign
	opForgetLeader
	opReady
	opAdvance
	opSupply
	opOffer
	opCompact
	opStatus
	opMemory
	opEnd
)

const groupsMax = 4096

type engine struct {
	groups map[uint32]*group
	queue  []*group // groups that may have something ready, in the order in which they were touched
}

func newEngine() *engine { return &engine{groups: map[uint32]*group{}} }

// answer reads a frame and returns the answer to it, written over buf. Whatever the frame holds, it returns.
func (e *engine) answer(frame, buf []byte) (answer []byte) {
	w := &writer{buf: buf[:0]}
	defer func() {
		if cause := recover(); cause != nil {
			answer = whole(buf, 0, frameDefect, fmt.Sprint("panic: ", cause))
		}
	}()
	r := &reader{rest: frame}
	version, op, zero, count := r.u8(), r.u8(), r.take(2), r.u32()
	if r.bad || version != frameVersion || zero[0]|zero[1] != 0 || op < opOpen || op >= opEnd {
		return whole(buf, op, frameMalformed, "no frame of this version")
	}
	if !holdsItems(r.rest, count) {
		return whole(buf, op, frameMalformed, "the items are not as many and as long as the frame says")
	}
	w.buf = append(w.buf, frameVersion, op, frameDone, 0)
	w.u32(0)
	items := uint32(0)
	for i := uint32(0); i < count; i++ {
		item := &reader{rest: r.bytes()}
		if op == opReady {
			items += e.ready(item.u32(), item.u32(), w)
		} else {
			items += e.item(op, i, item, w)
		}
	}
	setCount(w.buf, items)
	return w.buf
}

// whole is an answer that says what is wrong with a frame as a whole.
func whole(buf []byte, op, status uint8, text string) []byte {
	w := &writer{buf: append(buf[:0], frameVersion, op, status, 0)}
	w.u32(1)
	at := w.open()
	w.text(text)
	w.close(at)
	return w.buf
}

func setCount(answer []byte, items uint32) {
	w := &writer{buf: answer[:4]}
	w.u32(items)
}

func holdsItems(rest []byte, count uint32) bool {
	r := &reader{rest: rest}
	for ; count > 0 && !r.bad; count-- {
		r.bytes()
	}
	return r.ended()
}

// item does one item and writes what the answer says of it; returns how many items of the answer that are.
// Of operations without a value only what was refused is in the answer.
func (e *engine) item(op uint8, at uint32, r *reader, w *writer) uint32 {
	begin := len(w.buf)
	open := w.open()
	w.u32(at)
	w.u8(uint8(done))
	value := len(w.buf)
	result := e.act(op, r, w)
	if result.reason != done {
		w.buf = w.buf[:value]
		w.buf[value-1] = uint8(result.reason)
		w.text(result.detail)
	} else if len(w.buf) == value {
		w.buf = w.buf[:begin]
		return 0
	}
	w.close(open)
	return 1
}

var cutShort = outcome{malformed, "an item that is cut short, too long, or out of range"}

func (e *engine) act(op uint8, r *reader, w *writer) outcome {
	if op == opMemory {
		if !r.ended() {
			return cutShort
		}
		memory(w)
		return fine
	}
	id := r.u32()
	if op == opOpen {
		return e.open(id, r)
	}
	g := e.groups[id]
	if g == nil {
		return refuse(unknownGroup, "group %d is not open", id)
	}
	if op == opClose {
		if !r.ended() {
			return cutShort
		}
		delete(e.groups, id)
		g.fail("closed") // a reference in the queue finds nothing to do
		return fine
	}
	act := g.action(op, r, w)
	if !r.ended() {
		return cutShort
	}
	e.enqueue(g)
	return g.run(act)
}

func (e *engine) open(id uint32, r *reader) outcome {
	s, from := r.settings(), r.stored()
	if !r.ended() {
		return cutShort
	}
	if old := e.groups[id]; old != nil && old.failure == "" {
		return refuse(exists, "group %d is open", id)
	}
	if e.groups[id] == nil && len(e.groups) >= groupsMax {
		return refuse(tooLarge, "%d groups are open", groupsMax)
	}
	g := &group{id: id}
	result := g.run(func() outcome { return g.start(s, from) })
	if result.reason == done {
		e.groups[id] = g
		e.enqueue(g)
	}
	return result
}

// action reads the rest of an item and returns what to do. It touches nothing of the group yet: an item
// that turns out to be malformed has done nothing.
func (g *group) action(op uint8, r *reader, w *writer) func() outcome {
	switch op {
	case opTick:
		return g.tick
	case opStep:
		wire := r.bytes()
		return func() outcome { return g.step(wire) }
	case opPropose:
		commands := r.list()
		return func() outcome { return g.propose(commands) }
	case opProposeChange:
		cc := r.change()
		return func() outcome { return g.proposeChange(cc) }
	case opJudgeChange:
		index, accept := r.number(), r.flag()
		return func() outcome { return g.judgeChange(index, accept, w) }
	case opTransfer:
		to := r.number()
		return func() outcome { return g.transfer(to) }
	case opReadIndex:
		context := r.bytes()
		return func() outcome { return g.readIndex(context) }
	case opUnreachable, opSnapshotSent:
		return g.report(op, r)
	case opCampaign:
		return func() outcome { return nothing(g.node.Campaign()) }
	case opForgetLeader:
		return func() outcome { return nothing(g.node.ForgetLeader()) }
	case opAdvance:
		return g.advance
	case opSupply:
		entries := r.entries()
		return func() outcome { return g.supply(entries) }
	case opOffer:
		snapshot := r.snapshot()
		return func() outcome { return g.offerSnapshot(snapshot) }
	case opCompact:
		index := r.number()
		return func() outcome { return g.compact(index) }
	case opStatus:
		return func() outcome { return g.status(w) }
	}
	panic("an operation without an action")
}

// report tells the leader how sending to a member went.
func (g *group) report(op uint8, r *reader) func() outcome {
	peer := r.number()
	if op == opUnreachable {
		return func() outcome { g.node.ReportUnreachable(peer); return fine }
	}
	status := raft.SnapshotFailure
	if r.flag() {
		status = raft.SnapshotFinish
	}
	return func() outcome { g.node.ReportSnapshot(peer, status); return fine }
}

func nothing(err error) outcome {
	if err != nil {
		return refuse(notAllowed, "%v", err)
	}
	return fine
}

func (r *reader) list() [][]byte {
	var list [][]byte
	for n := r.count(4); n > 0; n-- {
		list = append(list, r.bytes())
	}
	return list
}

func (r *reader) snapshot() *pb.Snapshot {
	index, term, conf := r.number(), r.number(), r.conf()
	return &pb.Snapshot{Data: r.copied(), Metadata: &pb.SnapshotMetadata{
		Index: proto.Uint64(index), Term: proto.Uint64(term), ConfState: conf}}
}

func (e *engine) enqueue(g *group) {
	if !g.queued {
		g.queued = true
		e.queue = append(e.queue, g)
	}
}

// ready writes what the groups of the queue have, oldest first, until the answer has grown by bytesMax or
// groupsMax groups are in it. Groups whose ready is out wait for their advance.
func (e *engine) ready(bytesMax, groupsMax uint32, w *writer) (items uint32) {
	begin, next, taken := len(w.buf), 0, uint32(0)
	for ; next < len(e.queue) && taken < groupsMax && uint64(len(w.buf)-begin) < uint64(bytesMax); next++ {
		g := e.queue[next]
		g.queued = false
		if g.failure != "" || g.outstanding {
			continue
		}
		if n := g.collect(w); n > 0 {
			items += n
			taken++
		}
	}
	e.queue = append([]*group(nil), e.queue[next:]...)
	return items
}

// collect writes the items of one group.
func (g *group) collect(w *writer) (items uint32) {
	begin := len(w.buf)
	result := g.run(func() outcome {
		if g.log.wants.any() {
			at := w.open()
			w.wants(g)
			w.close(at)
			items++
		}
		if g.node.HasReady() {
			at := w.open()
			g.takeReady(w)
			w.close(at)
			items++
		}
		return fine
	})
	if result.reason == done {
		return items
	}
	w.buf = w.buf[:begin]
	at := w.open()
	w.u8(itemFailed)
	w.u32(g.id)
	w.text(result.detail)
	w.close(at)
	return 1
}

func main() {}
