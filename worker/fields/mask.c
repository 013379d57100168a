#include "worker/fields/mask.h"

static bool begins_character(char c) { return ((unsigned char)c & 0xC0) != 0x80; }

static size_t count_characters(struct bytes text) {
  size_t count = 0;
  for (size_t i = 0; i < text.size; i++) count += begins_character(text.data[i]);
  return count;
}

struct bytes mask_keep(struct bytes value, size_t front, size_t back, struct arena *arena) {
  size_t count = count_characters(value);
  if (count <= front + back) front = back = 0;
  char *out = arena_alloc(arena, value.size + 1);
  size_t size = 0, index = 0; /* index: characters begun so far */
  for (size_t i = 0; i < value.size; i++) {
    bool begins = begins_character(value.data[i]);
    index += begins;
    bool keep = index && (index <= front || index > count - back);
    if (keep)
      out[size++] = value.data[i];
    else if (begins)
      out[size++] = '*';
  }
  out[size] = '\0';
  return bytes_of(out, size);
}

struct bytes mask_all(struct bytes value, struct arena *arena) {
  return mask_keep(value, 0, 0, arena);
}
