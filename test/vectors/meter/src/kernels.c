/* Small kernels for the meter's tests: loops, calls by pointer, recursion, switches, floats, bulk memory. */
#include <stdint.h>
#define EXPORT(name) __attribute__((export_name(#name))) name

static uint8_t heap[65536];

uint8_t *EXPORT(buffer)(void) { return heap; }

uint32_t EXPORT(fnv)(uint32_t size) {
  uint32_t hash = 2166136261u;
  for (uint32_t i = 0; i < size; i++) hash = (hash ^ heap[i & 65535]) * 16777619u;
  return hash;
}

uint32_t EXPORT(fib)(uint32_t n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }

/* Heap sort, with the comparison called by pointer. */
typedef int (*compare)(uint32_t, uint32_t);
static int up(uint32_t a, uint32_t b) { return a < b ? -1 : a > b; }
static int down(uint32_t a, uint32_t b) { return up(b, a); }
static compare const orders[2] = {up, down};

static void sift(uint32_t *a, uint32_t root, uint32_t end, compare order) {
  for (uint32_t child; (child = 2 * root + 1) < end; root = child) {
    if (child + 1 < end && order(a[child], a[child + 1]) < 0) child++;
    if (order(a[root], a[child]) >= 0) return;
    uint32_t swap = a[root]; a[root] = a[child]; a[child] = swap;
  }
}

uint32_t EXPORT(sort)(uint32_t size, uint32_t seed, uint32_t order) {
  uint32_t *a = (uint32_t *)heap;
  size &= 4095;
  for (uint32_t i = 0; i < size; i++) a[i] = seed = seed * 1664525u + 1013904223u;
  compare by = orders[order & 1];
  for (uint32_t i = size / 2; i-- > 0;) sift(a, i, size, by);
  for (uint32_t end = size; end > 1;) {
    uint32_t swap = a[0]; a[0] = a[--end]; a[end] = swap;
    sift(a, 0, end, by);
  }
  return size == 0 ? 0 : a[size / 3];
}

/* A little stack machine: a switch that becomes br_table. */
int64_t EXPORT(interpret)(uint32_t steps) {
  int64_t stack[16] = {1, 2, 3};
  uint32_t top = 3, x = 12345;
  for (uint32_t i = 0; i < steps; i++) {
    x ^= x << 13; x ^= x >> 17; x ^= x << 5;
    int64_t a = stack[(top - 1) & 15], b = stack[(top - 2) & 15];
    switch (x % 11) {
      case 0: stack[top++ & 15] = a + b; break;
      case 1: stack[top++ & 15] = a - b; break;
      case 2: stack[top++ & 15] = a * b; break;
      case 3: stack[top++ & 15] = b == 0 ? 0 : (b == -1 ? -a : a / b); break;
      case 4: stack[top++ & 15] = a ^ (b << 3); break;
      case 5: top--; break;
      case 6: top--; /* on to the next */
      case 7: stack[top & 15] = __builtin_popcountll(a); break;
      case 9: stack[top & 15] = (int8_t)a; break;
      default: top++;
    }
  }
  return stack[top & 15];
}

/* Mandelbrot, doubles; escapes are counted. */
uint32_t EXPORT(mandelbrot)(uint32_t side, uint32_t limit) {
  uint32_t inside = 0;
  for (uint32_t py = 0; py < side; py++)
    for (uint32_t px = 0; px < side; px++) {
      double cx = -2.0 + 3.0 * px / side, cy = -1.5 + 3.0 * py / side, x = 0, y = 0;
      uint32_t i = 0;
      while (i < limit && x * x + y * y <= 4) { double t = x * x - y * y + cx; y = 2 * x * y + cy; x = t; i++; }
      if (i == limit) inside++;
    }
  return inside;
}

/* n-by-n float matrices; NaN and infinities come out for large n. */
float EXPORT(matrix)(uint32_t n, float scale) {
  float *a = (float *)heap, *b = a + 4096, *c = b + 4096;
  n &= 63;
  for (uint32_t i = 0; i < n * n; i++) { a[i] = scale * (float)i; b[i] = scale / (float)(i % 7); c[i] = 0; }
  for (uint32_t i = 0; i < n; i++)
    for (uint32_t k = 0; k < n; k++)
      for (uint32_t j = 0; j < n; j++) c[i * n + j] += a[i * n + k] * b[k * n + j];
  float sum = 0;
  for (uint32_t i = 0; i < n * n; i++) sum += c[i];
  return sum;
}

/* memory.copy and memory.fill, and a saturating conversion. */
uint32_t EXPORT(move)(uint32_t size, double value) {
  size &= 16383;
  __builtin_memset(heap, (int)value, size);
  __builtin_memmove(heap + 100, heap, size);
  __builtin_memcpy(heap + 32768, heap, size);
  return fnv(size) + (uint32_t)value;
}

/* Grows the memory and gives the old size, or -1. */
int32_t EXPORT(grow)(uint32_t pages) { return (int32_t)__builtin_wasm_memory_grow(0, pages); }

/* Mutual recursion through pointers. */
typedef uint32_t (*step)(uint32_t, uint32_t);
static uint32_t odd(uint32_t, uint32_t);
static uint32_t even(uint32_t n, uint32_t sum);
static step volatile steps[2] = {even, odd};
static uint32_t even(uint32_t n, uint32_t sum) { return n == 0 ? sum : steps[1](n - 1, sum + n); }
static uint32_t odd(uint32_t n, uint32_t sum) { return n == 0 ? sum + 1 : steps[0](n - 1, sum ^ n); }
uint32_t EXPORT(parity)(uint32_t n) { return steps[0](n, 0); }

/* Traps: division by zero, unreachable, out of bounds. */
int32_t EXPORT(trap)(uint32_t which, int32_t by) {
  if (which == 0) return 100 / by;
  if (which == 1) __builtin_trap();
  return *(volatile int32_t *)(0x7ffffff0u + (uint32_t)by);
}
