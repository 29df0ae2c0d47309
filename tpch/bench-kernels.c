/* The loops of the kernels that bench-kernels.ts times, in C: prints one line "name nanoseconds-per-row" for each. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Not static: what the loops write is then seen by others, and not left out. */
enum { rows = 8192, keys = 1 << 20, rounds = 400 };
uint64_t values[rows], hashes[rows], out[rows];
uint32_t places[rows], positions[rows], found[rows];
uint8_t ids[rows];
uint32_t array[keys + 1];

static double now(void) {
  struct timespec at;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &at);
  return at.tv_sec * 1e9 + at.tv_nsec;
}

static uint64_t rotate(uint64_t word, int by) { return word << by | word >> (64 - by); }

static void hash8(void) {
  for (int i = 0; i < rows; i++) {
    uint64_t mixed = (rotate(0x2545f4914f6cdd1dull, 23) ^ values[i]) * 0x9e3779b97f4a7c15ull;
    mixed = (mixed ^ mixed >> 32) * 0xd6e8feb86659fd93ull;
    hashes[i] = mixed ^ mixed >> 29;
  }
}

static void gather8(void) {
  for (int i = 0; i < rows; i++) out[i] = values[places[i]];
}

static void probe_direct8(void) {
  int count = 0;
  for (int i = 0; i < rows; i++) {
    uint64_t key = values[i];
    uint32_t row = array[key < keys ? key : keys];
    positions[count] = i;
    found[count] = row;
    count += row != 0;
  }
}

static void sum_few_groups(void) {
  static int64_t sums[4][64];
  memset(sums, 0, sizeof sums);
  for (int i = 0; i < rows; i += 4)
    for (int j = 0; j < 4; j++) sums[j][ids[i + j]] += (int64_t)values[i + j];
  out[0] += sums[0][0];
}

static void copy(void) { memcpy(out, values, sizeof values); }

static void run(const char *name, void (*loop)(void)) {
  double best = 1e18;
  for (int round = 0; round < rounds; round++) {
    double start = now();
    loop();
    __asm__ volatile("" ::: "memory");
    double taken = now() - start;
    if (taken < best) best = taken;
  }
  printf("%s %.3f\n", name, best / rows);
}

int main(void) {
  srand(1);
  for (int i = 0; i < rows; i++) {
    values[i] = (uint64_t)rand() % keys;
    places[i] = rand() % rows;
    ids[i] = rand() % 6;
  }
  for (int i = 0; i < keys; i++) array[i] = i + 1;
  run("hash8", hash8);
  run("gather8", gather8);
  run("joinProbeDirect8", probe_direct8);
  run("sumFewGroups", sum_few_groups);
  run("copy", copy);
  return 0;
}
