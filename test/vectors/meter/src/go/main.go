// Command corpus is a WASI reactor for the meter's tests.
package main

//go:wasmexport primes
func primes(limit int32) int32 {
	composite := make([]bool, limit+1)
	count := int32(0)
	for i := int32(2); i <= limit; i++ {
		if composite[i] {
			continue
		}
		count++
		for j := i * 2; j <= limit; j += i {
			composite[j] = true
		}
	}
	return count
}

//go:wasmexport words
func words(count int32) int32 {
	seen := map[string]int32{}
	x := uint32(7)
	for i := int32(0); i < count; i++ {
		x ^= x << 13
		x ^= x >> 17
		x ^= x << 5
		seen[string([]byte{'a' + byte(x%26), 'a' + byte(x>>8%26)})] += i
	}
	sum := int32(0)
	for _, v := range seen {
		sum += v
	}
	return sum + int32(len(seen))
}

func main() {}
