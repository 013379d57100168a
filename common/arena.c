#include "common/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/check.h"
#include "common/memory.h"

enum { ARENA_BLOCK_BYTES = 64 << 10 };

struct arena_block {
  struct arena_block *older;
  size_t size;
  char data[];
};

void *arena_alloc_slow(struct arena *a, size_t size) {
  size_t block_size = ARENA_BLOCK_BYTES;
  if (a->blocks) block_size = a->blocks->size < (8u << 20) ? a->blocks->size * 2 : a->blocks->size;
  if (block_size < size || ARENA_PIECES_APART) block_size = size;
  struct arena_block *block = memory_new(sizeof *block + block_size);
  block->older = a->blocks;
  block->size = block_size;
  a->blocks = block;
  a->next = block->data + size;
  a->end = block->data + block_size;
  a->bytes_used += size;
  return block->data;
}

void *arena_alloc_zeroed(struct arena *a, size_t size) {
  return memset(arena_alloc(a, size), 0, size);
}

struct bytes arena_copy(struct arena *a, struct bytes text) {
  char *data = arena_alloc(a, text.size + 1);
  if (text.size) memcpy(data, text.data, text.size);
  data[text.size] = '\0';
  return bytes_of(data, text.size);
}

char *arena_copy_string(struct arena *a, const char *text) {
  return (char *)arena_copy(a, bytes_from_string(text)).data;
}

char *arena_printf(struct arena *a, const char *format, ...) {
  va_list arguments, again;
  va_start(arguments, format);
  va_copy(again, arguments);
  int size = vsnprintf(NULL, 0, format, arguments);
  va_end(arguments);
  check(size >= 0);
  char *data = arena_alloc(a, (size_t)size + 1);
  vsnprintf(data, (size_t)size + 1, format, again);
  va_end(again);
  return data;
}

void arena_reset(struct arena *a) {
  if (ARENA_PIECES_APART) arena_release(a);
  struct arena_block *kept = a->blocks;
  if (!kept) return;
  while (kept->older) {
    struct arena_block *older = kept->older;
    kept->older = older->older;
    free(older);
  }
  a->next = kept->data;
  a->end = kept->data + kept->size;
  a->bytes_used = 0;
}

void arena_release(struct arena *a) {
  while (a->blocks) {
    struct arena_block *older = a->blocks->older;
    free(a->blocks);
    a->blocks = older;
  }
  *a = (struct arena){0};
}
