#include "common/memory.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/check.h"

_Noreturn static void out_of_memory(size_t size) {
  fprintf(stderr,
          "guiyi: no memory left (asked for %zu bytes). Run on a machine with more memory, or with "
          "fewer records at a time.\n",
          size);
  exit(1);
}

enum { HUGE_PAGE_BYTES = 2 << 20, HUGE_FROM_BYTES = 2 * HUGE_PAGE_BYTES };

/* Tables that are read all over cost a page walk a read on small pages. */
static void ask_for_huge_pages(void *data, size_t size) {
  uintptr_t first = ((uintptr_t)data + HUGE_PAGE_BYTES - 1) / HUGE_PAGE_BYTES * HUGE_PAGE_BYTES;
  uintptr_t end = ((uintptr_t)data + size) / HUGE_PAGE_BYTES * HUGE_PAGE_BYTES;
  if (end > first) (void)madvise((void *)first, end - first, MADV_HUGEPAGE);
}

void *memory_new(size_t size) {
  void *data;
  if (size < HUGE_FROM_BYTES) {
    data = malloc(size ? size : 1);
  } else {
    size_t whole = (size + HUGE_PAGE_BYTES - 1) / HUGE_PAGE_BYTES * HUGE_PAGE_BYTES;
    data = whole < size ? NULL : aligned_alloc(HUGE_PAGE_BYTES, whole);
  }
  if (!data) out_of_memory(size);
  if (size >= HUGE_FROM_BYTES) ask_for_huge_pages(data, size);
  return data;
}

void *memory_new_zeroed(size_t count, size_t size) {
  void *data = calloc(count ? count : 1, size ? size : 1);
  if (!data) out_of_memory(count * size);
  return data;
}

void *memory_resize(void *data, size_t size) {
  void *moved = realloc(data, size ? size : 1);
  if (!moved) out_of_memory(size);
  if (size >= HUGE_FROM_BYTES) ask_for_huge_pages(moved, size);
  return moved;
}

char *memory_copy_string(const char *text) {
  size_t size = strlen(text) + 1;
  return memcpy(memory_new(size), text, size);
}

void *memory_map(size_t size) {
  if (size == 0) return NULL;
  void *data =
      mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (data == MAP_FAILED) out_of_memory(size);
  ask_for_huge_pages(data, size);
  return data;
}

void memory_unmap(void *data, size_t size) {
  if (data) check(munmap(data, size) == 0);
}

void memory_discard(void *data, size_t size) {
  uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
  uintptr_t first = ((uintptr_t)data + page - 1) / page * page;
  uintptr_t end = ((uintptr_t)data + size) / page * page;
  if (end > first) (void)madvise((void *)first, end - first, MADV_DONTNEED);
}

enum { POOL_CHUNK_BYTES = 32 << 20, POOL_ALIGNMENT = 64 };

struct memory_pool_chunk {
  struct memory_pool_chunk *older;
  size_t size; /* with this head */
};

static char *add_chunk(struct memory_pool *pool, size_t size) {
  struct memory_pool_chunk *chunk = memory_map(size);
  chunk->older = pool->chunks;
  chunk->size = size;
  pool->chunks = chunk;
  return (char *)chunk + POOL_ALIGNMENT;
}

void *memory_pool_take(struct memory_pool *pool, size_t size) {
  size = (size + POOL_ALIGNMENT - 1) / POOL_ALIGNMENT * POOL_ALIGNMENT;
  if (size > POOL_CHUNK_BYTES / 4) return add_chunk(pool, size + POOL_ALIGNMENT);
  if ((size_t)(pool->end - pool->next) < size) {
    pool->next = add_chunk(pool, POOL_CHUNK_BYTES);
    pool->end = (char *)pool->chunks + POOL_CHUNK_BYTES;
  }
  char *data = pool->next;
  pool->next += size;
  return data;
}

void memory_pool_release(struct memory_pool *pool) {
  while (pool->chunks) {
    struct memory_pool_chunk *older = pool->chunks->older;
    memory_unmap(pool->chunks, pool->chunks->size);
    pool->chunks = older;
  }
  *pool = (struct memory_pool){0};
}

size_t memory_resident_peak_bytes(void) {
  struct rusage usage;
  return getrusage(RUSAGE_SELF, &usage) == 0 ? (size_t)usage.ru_maxrss * 1024 : 0;
}

size_t memory_resident_bytes(void) {
  FILE *file = fopen("/proc/self/statm", "re");
  if (!file) return 0;
  char line[128];
  char *end = NULL; /* behind the first number, which is the size of the whole process */
  bool read = fgets(line, sizeof line, file) != NULL;
  fclose(file);
  if (!read) return 0;
  (void)strtoul(line, &end, 10);
  return strtoul(end, NULL, 10) * (size_t)sysconf(_SC_PAGESIZE);
}
