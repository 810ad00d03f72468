// A program that looks at everything a task can see.
package main

import (
	"fmt"
	"io"
	"math/rand"
	"os"
	"time"
)

func main() {
	input, err := io.ReadAll(os.Stdin)
	fmt.Println("stdin", len(input), err)
	file, err := os.ReadFile("/input")
	fmt.Println("file", string(file) == string(input), err)
	entries, err := os.ReadDir("/")
	fmt.Println("folder", entries, err)
	_, err = os.Create("/x")
	fmt.Println("create", err)
	_, err = os.ReadFile("/../etc/passwd")
	fmt.Println("outside", err)
	start := time.Now()
	time.Sleep(time.Hour)
	fmt.Println("time", start.UTC().Year(), time.Since(start) >= time.Hour)
	fmt.Println("given", os.Args, len(os.Environ()))
	fmt.Println("chance", rand.Int63())
	if len(input) == 0 {
		panic("no input")
	}
}
