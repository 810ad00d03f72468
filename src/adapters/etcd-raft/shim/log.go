package main

import (
	"fmt"
	"syscall"
)

// Levels of the engine's own log, by the settings of a group. A panic is never silent: its text is the
// group's failure.
const (
	logNothing = iota
	logErrors
	logWarnings
	logInfo
	logDebug
)

const logLineMax = 1024

// logger writes a group's lines to standard error, which the host hands to its log. Formatting is paid only
// for the levels that are on.
type logger struct {
	group uint32
	level uint8
}

func (l logger) line(level uint8, name string, text func() string) {
	if level > l.level {
		return
	}
	line := fmt.Sprintf("%s group %d: %s", name, l.group, text())
	if len(line) > logLineMax {
		line = line[:logLineMax]
	}
	_, _ = syscall.Write(2, append([]byte(line), '\n'))
}

func (l logger) print(level uint8, name string, v []any) {
	l.line(level, name, func() string { return fmt.Sprint(v...) })
}

func (l logger) printf(level uint8, name, format string, v []any) {
	l.line(level, name, func() string { return fmt.Sprintf(format, v...) })
}

func (l logger) Debug(v ...any)                 { l.print(logDebug, "debug", v) }
func (l logger) Debugf(format string, v ...any) { l.printf(logDebug, "debug", format, v) }
func (l logger) Info(v ...any)                  { l.print(logInfo, "info", v) }
func (l logger) Infof(format string, v ...any)  { l.printf(logInfo, "info", format, v) }

func (l logger) Warning(v ...any)                 { l.print(logWarnings, "warning", v) }
func (l logger) Warningf(format string, v ...any) { l.printf(logWarnings, "warning", format, v) }
func (l logger) Error(v ...any)                   { l.print(logErrors, "error", v) }
func (l logger) Errorf(format string, v ...any)   { l.printf(logErrors, "error", format, v) }

// Fatal and Panic are how etcd-raft says that an invariant broke.
func (l logger) Fatal(v ...any)                 { panic(fmt.Sprint(v...)) }
func (l logger) Fatalf(format string, v ...any) { panic(fmt.Sprintf(format, v...)) }
func (l logger) Panic(v ...any)                 { panic(fmt.Sprint(v...)) }
func (l logger) Panicf(format string, v ...any) { panic(fmt.Sprintf(format, v...)) }
