/* arena — memory with one lifetime, freed all at once (PostgreSQL's memory contexts are the model).
 *
 * An arena belongs to one thread. What it hands out lives until arena_reset or arena_release. */
#ifndef GUIYI_COMMON_ARENA_H
#define GUIYI_COMMON_ARENA_H

#include <stddef.h>

#include "common/bytes.h"

struct arena_block;

struct arena {
  struct arena_block *blocks; /* newest first */
  char *next;
  char *end;
  size_t bytes_used; /* handed out since the last reset */
};

/* Under the address sanitizer every piece is a block of its own: it sees what goes beyond one, and
 * what is used after the reset. */
#if defined(__SANITIZE_ADDRESS__)
#define ARENA_PIECES_APART 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_PIECES_APART 1
#endif
#endif
#ifndef ARENA_PIECES_APART
#define ARENA_PIECES_APART 0
#endif

void *arena_alloc_slow(struct arena *a, size_t size);

/* Aligned to 8, uninitialised, never NULL. A zeroed struct arena is ready to use. */
static inline void *arena_alloc(struct arena *a, size_t size) {
  if (ARENA_PIECES_APART) return arena_alloc_slow(a, size);
  size = (size + 7 + (size == 0)) & ~(size_t)7; /* never NULL, not even for nothing */
  if ((size_t)(a->end - a->next) < size) return arena_alloc_slow(a, size);
  void *data = a->next;
  a->next += size;
  a->bytes_used += size;
  return data;
}

void *arena_alloc_zeroed(struct arena *a, size_t size);
/* A copy with a NUL behind it that is not counted. */
struct bytes arena_copy(struct arena *a, struct bytes text);
char *arena_copy_string(struct arena *a, const char *text);
__attribute__((format(printf, 2, 3))) char *arena_printf(struct arena *a, const char *format, ...);
void arena_reset(struct arena *a);   /* keeps the largest block */
void arena_release(struct arena *a); /* and it may be used again */

#endif
