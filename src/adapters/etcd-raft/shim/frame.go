package main

import "encoding/binary"

// Frames between this module and its host: layout in docs/engine.md, "Frames". Little-endian throughout.
const (
	frameVersion = 1
	headerBytes  = 8
	// Indexes, terms and ids stay where a double holds every integer, because the host counts in doubles.
	numberMax = 1<<53 - 1
	textMax   = 512
)

// Status of an answer as a whole.
const (
	frameDone      = 0
	frameMalformed = 1 // nothing of the frame was acted on
	frameDefect    = 2 // a panic outside of any group: an error of the module itself
)

// reader takes fields off the front of a frame. After the first field that is not there or out of range
// it is bad, gives zeros, and stays so.
type reader struct {
	rest []byte
	bad  bool
}

// take returns the next n bytes without copying: they are the input buffer, which the next call overwrites.
func (r *reader) take(n uint64) []byte {
	if r.bad || n > uint64(len(r.rest)) {
		r.bad = true
		return nil
	}
	taken := r.rest[:n:n]
	r.rest = r.rest[n:]
	return taken
}

func (r *reader) u8() uint8 {
	if b := r.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (r *reader) u32() uint32 {
	if b := r.take(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

// number is a u64 up to 2^53 - 1.
func (r *reader) number() uint64 {
	b := r.take(8)
	if b == nil {
		return 0
	}
	n := binary.LittleEndian.Uint64(b)
	if n > numberMax {
		r.bad = true
		return 0
	}
	return n
}

func (r *reader) flag() bool {
	b := r.u8()
	if b > 1 {
		r.bad = true
	}
	return b == 1
}

// bytes is a u32 length and as many bytes, not copied.
func (r *reader) bytes() []byte { return r.take(uint64(r.u32())) }

// copied is bytes that outlive the call; nil when there are none.
func (r *reader) copied() []byte { return append([]byte(nil), r.bytes()...) }

// count is the length of a list whose items take at least itemBytes each: a list that cannot fit is bad at
// once, before anything is allocated for it.
func (r *reader) count(itemBytes uint64) int {
	n := r.u32()
	if uint64(n)*itemBytes > uint64(len(r.rest)) {
		r.bad = true
		return 0
	}
	return int(n)
}

// ended is true when every field was good and nothing is left over.
func (r *reader) ended() bool { return !r.bad && len(r.rest) == 0 }

// writer appends fields to the answer.
type writer struct{ buf []byte }

func (w *writer) u8(v uint8)      { w.buf = append(w.buf, v) }
func (w *writer) u32(v uint32)    { w.buf = binary.LittleEndian.AppendUint32(w.buf, v) }
func (w *writer) number(v uint64) { w.buf = binary.LittleEndian.AppendUint64(w.buf, v) }

func (w *writer) flag(v bool) {
	if v {
		w.u8(1)
	} else {
		w.u8(0)
	}
}

func (w *writer) bytes(b []byte) {
	w.u32(uint32(len(b)))
	w.buf = append(w.buf, b...)
}

// text is a string of at most textMax bytes.
func (w *writer) text(s string) {
	if len(s) > textMax {
		s = s[:textMax]
	}
	w.u32(uint32(len(s)))
	w.buf = append(w.buf, s...)
}

func (w *writer) numbers(list []uint64) {
	w.u32(uint32(len(list)))
	for _, v := range list {
		w.number(v)
	}
}

// open starts something length-prefixed and returns where; close writes the length.
func (w *writer) open() int {
	w.u32(0)
	return len(w.buf)
}

func (w *writer) close(at int) {
	binary.LittleEndian.PutUint32(w.buf[at-4:], uint32(len(w.buf)-at))
}
