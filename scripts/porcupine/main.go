// Reads a history, one operation a line, and says whether it is linearizable: cells that are set once, and a counter
// for each group. Exit 0: it is; 1: it is not; 2: not decided in time, or not readable.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"sort"
	"time"

	"github.com/anishathalye/porcupine"
)

const patience = 2 * time.Minute

// operation is one line. Times are ranks: no two are equal. Nobody knows what became of one without an end.
type operation struct {
	Group int     `json:"group"`
	Ask   string  `json:"ask"`
	Cell  string  `json:"cell"`
	Value string  `json:"value"`
	Begun int64   `json:"begun"`
	Ended *int64  `json:"ended"`
	Took  bool    `json:"took"`
	Count int     `json:"count"`
	Seen  *string `json:"seen"`
}

func (o operation) part() string {
	if o.Ask == "add" {
		return fmt.Sprintf("counter of group %d", o.Group)
	}
	return fmt.Sprintf("cell %s of group %d", o.Cell, o.Group)
}

// state of one part: a cell's value, or a counter.
type state struct {
	isSet bool
	value string
	count int
}

var model = porcupine.Model{
	Init: func() interface{} { return state{} },
	Step: func(at, input, output interface{}) (bool, interface{}) {
		before, asked := at.(state), input.(operation)
		unknown := asked.Ended == nil
		switch asked.Ask {
		case "add":
			next := state{count: before.count + 1}
			return unknown || next.count == asked.Count, next
		case "put":
			if before.isSet {
				return unknown || !asked.Took && asked.Seen != nil && *asked.Seen == before.value, before
			}
			return unknown || asked.Took, state{isSet: true, value: asked.Value}
		default:
			if asked.Seen == nil {
				return !before.isSet, before
			}
			return before.isSet && *asked.Seen == before.value, before
		}
	},
	Equal: func(a, b interface{}) bool { return a.(state) == b.(state) },
}

func main() {
	parts, err := read()
	if err != nil {
		fmt.Println("unreadable:", err)
		os.Exit(2)
	}
	names := make([]string, 0, len(parts))
	for name := range parts {
		names = append(names, name)
	}
	sort.Strings(names)
	end := time.Now().Add(patience)
	for _, name := range names {
		switch porcupine.CheckOperationsTimeout(model, parts[name], time.Until(end)) {
		case porcupine.Illegal:
			fmt.Println("not linearizable:", name)
			os.Exit(1)
		case porcupine.Unknown:
			fmt.Println("not decided in time:", name)
			os.Exit(2)
		}
	}
	fmt.Println("linearizable:", len(parts), "parts")
}

func read() (map[string][]porcupine.Operation, error) {
	parts := map[string][]porcupine.Operation{}
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(make([]byte, 1<<20), 1<<24)
	for client := 0; lines.Scan(); client++ {
		var one operation
		if err := json.Unmarshal(lines.Bytes(), &one); err != nil {
			return nil, err
		}
		ended := int64(1) << 60
		if one.Ended != nil {
			ended = *one.Ended
		}
		parts[one.part()] = append(parts[one.part()], porcupine.Operation{
			ClientId: client, Input: one, Call: one.Begun, Output: nil, Return: ended,
		})
	}
	return parts, lines.Err()
}
