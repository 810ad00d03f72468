package main

import (
	"runtime/debug"
	"unsafe"
)

const (
	inputMax = 64 << 20
	// Buffers up to this size stay: made anew for every large frame, they would outrun the collector.
	bufferKept = 8 << 20
)

var (
	instance = newEngine()
	inbox    = make([]byte, 64<<10)
	outbox   = make([]byte, 0, 64<<10)
)

func init() { debug.SetGCPercent(100) }

// input makes room for a frame of size bytes and returns where to write it, 0 when it is too large. The
// collector does not move memory: the address holds until the next input.
//
//go:wasmexport input
func input(size uint32) uint32 {
	if size > inputMax {
		return 0
	}
	if len(inbox) > bufferKept && size <= bufferKept {
		inbox = make([]byte, bufferKept)
	}
	if int(size) > len(inbox) {
		inbox = make([]byte, max(int(size), 2*len(inbox)))
	}
	return uint32(uintptr(unsafe.Pointer(unsafe.SliceData(inbox))))
}

// call acts on the frame of size bytes in the input buffer and returns how long the answer is.
//
//go:wasmexport call
func call(size uint32) uint32 {
	if cap(outbox) > bufferKept {
		outbox = make([]byte, 0, bufferKept)
	}
	outbox = instance.answer(inbox[:min(size, uint32(len(inbox)))], outbox)
	return uint32(len(outbox))
}

// output returns where the answer to the last call lies, until the next one.
//
//go:wasmexport output
func output() uint32 { return uint32(uintptr(unsafe.Pointer(unsafe.SliceData(outbox)))) }
