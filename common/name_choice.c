#include "common/name_choice.h"

enum { NAME_CHARACTERS_MAX = 48, COST_PER_EDIT = 2 };

/* Characters of a name, cut at NAME_CHARACTERS_MAX; a wrong byte stands for itself. */
static unsigned characters_of(struct bytes text, uint32_t out[NAME_CHARACTERS_MAX]) {
  unsigned count = 0;
  for (size_t i = 0; i < text.size && count < NAME_CHARACTERS_MAX;) {
    unsigned char lead = (unsigned char)text.data[i];
    size_t size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
    uint32_t c = lead;
    if (size == 1 && c >= 'A' && c <= 'Z') c |= 32;
    for (size_t k = 1; k < size && i + k < text.size; k++)
      c = c << 8 | (unsigned char)text.data[i + k];
    out[count++] = c;
    i += size;
  }
  return count;
}

static unsigned least(unsigned a, unsigned b) { return a < b ? a : b; }

static unsigned edit_distance(const uint32_t *a, unsigned a_count, const uint32_t *b,
                              unsigned b_count) {
  unsigned rows[3][NAME_CHARACTERS_MAX + 1];
  unsigned *before = rows[0], *last = rows[1], *now = rows[2];
  for (unsigned j = 0; j <= b_count; j++) last[j] = j;
  for (unsigned i = 1; i <= a_count; i++) {
    now[0] = i;
    for (unsigned j = 1; j <= b_count; j++) {
      unsigned best = last[j - 1] + (a[i - 1] != b[j - 1]);
      best = least(best, least(last[j], now[j - 1]) + 1);
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        best = least(best, before[j - 2] + 1);
      now[j] = best;
    }
    unsigned *free_row = before;
    before = last;
    last = now;
    now = free_row;
  }
  return last[b_count];
}

static bool contains(const uint32_t *text, unsigned text_count, const uint32_t *part,
                     unsigned part_count) {
  for (unsigned i = 0; i + part_count <= text_count; i++) {
    if (memcmp(text + i, part, part_count * sizeof *part) == 0) return true;
  }
  return false;
}

void name_choice_init(struct name_choice *choice, struct bytes wanted) {
  *choice = (struct name_choice){.wanted = wanted};
}

void name_choice_offer(struct name_choice *choice, struct bytes name) {
  if (choice->offered < NAME_CHOICE_LISTED_MAX) choice->listed[choice->offered] = name;
  choice->offered++;
  uint32_t a[NAME_CHARACTERS_MAX], b[NAME_CHARACTERS_MAX];
  unsigned a_count = characters_of(choice->wanted, a), b_count = characters_of(name, b);
  if (a_count == 0 || b_count == 0) return;
  unsigned longer = a_count > b_count ? a_count : b_count;
  unsigned shorter = least(a_count, b_count);
  unsigned distance = edit_distance(a, a_count, b, b_count);
  unsigned cost = distance * COST_PER_EDIT;
  bool near = distance * 3 <= longer || (distance == 1 && longer == 2);
  if (!near && shorter >= 2 &&
      (contains(a, a_count, b, b_count) || contains(b, b_count, a, a_count))) {
    near = true;
    cost++; /* an edit of the same size is the better guess */
  }
  if (!near || (choice->nearest.size && cost >= choice->cost)) return;
  choice->nearest = name;
  choice->cost = cost;
}

void name_choice_print(const struct name_choice *choice, struct buffer *out) {
  unsigned listed = least(choice->offered, NAME_CHOICE_LISTED_MAX);
  if (listed > 1) buffer_append_string(out, "one of ");
  for (unsigned i = 0; i < listed; i++)
    buffer_printf(out, "%s%.*s", i ? ", " : "", (int)choice->listed[i].size,
                  choice->listed[i].data);
  if (choice->offered > listed) buffer_printf(out, " (and %u more)", choice->offered - listed);
  if (choice->nearest.size)
    buffer_printf(out, "; did you mean '%.*s'?", (int)choice->nearest.size, choice->nearest.data);
}
