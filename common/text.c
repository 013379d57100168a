#include "common/text.h"

#include <unicode/unorm2.h>
#include <unicode/ustring.h>

#include "common/check.h"

/* --- UTF-8 ------------------------------------------------------------------------------------ */

/* The length of the well-formed sequence at p, 0 when it is none. The table is that of the Unicode
 * standard, 3.9, "Well-Formed UTF-8 Byte Sequences". */
static unsigned sequence_size(const unsigned char *p, const unsigned char *end) {
  size_t left = (size_t)(end - p);
  unsigned char c = p[0];
  if (c < 0x80) return 1;
  if (c < 0xC2 || c > 0xF4) return 0;
  if (left < 2 || (p[1] & 0xC0) != 0x80) return 0;
  if (c < 0xE0) return 2;
  if (left < 3 || (p[2] & 0xC0) != 0x80) return 0;
  if (c < 0xF0) {
    if ((c == 0xE0 && p[1] < 0xA0) || (c == 0xED && p[1] > 0x9F)) return 0;
    return 3;
  }
  if (left < 4 || (p[3] & 0xC0) != 0x80) return 0;
  if ((c == 0xF0 && p[1] < 0x90) || (c == 0xF4 && p[1] > 0x8F)) return 0;
  return 4;
}

static uint64_t load_u64(const char *p) {
  uint64_t word;
  memcpy(&word, p, sizeof word);
  return word;
}

#define HIGH_BITS 0x8080808080808080ULL

size_t text_valid_size(struct bytes text) {
  const char *p = text.data, *end = text_end(text);
  while (p < end) {
    if (end - p >= 8 && !(load_u64(p) & HIGH_BITS)) {
      p += 8;
      continue;
    }
    unsigned size = sequence_size((const unsigned char *)p, (const unsigned char *)end);
    if (size == 0) break;
    p += size;
  }
  return text.size ? (size_t)(p - text.data) : 0;
}

uint32_t text_decode_slow(const char **at, const char *end) {
  const unsigned char *p = (const unsigned char *)*at;
  unsigned size = sequence_size(p, (const unsigned char *)end);
  *at += size ? size : 1;
  switch (size) {
    case 1:
      return p[0];
    case 2:
      return (uint32_t)(p[0] & 0x1F) << 6 | (p[1] & 0x3F);
    case 3:
      return (uint32_t)(p[0] & 0x0F) << 12 | (uint32_t)(p[1] & 0x3F) << 6 | (p[2] & 0x3F);
    case 4:
      return (uint32_t)(p[0] & 0x07) << 18 | (uint32_t)(p[1] & 0x3F) << 12 |
             (uint32_t)(p[2] & 0x3F) << 6 | (p[3] & 0x3F);
    default:
      return TEXT_REPLACEMENT;
  }
}

unsigned text_encode(uint32_t c, char *out) {
  if (c < 0x80) return out[0] = (char)c, 1;
  if (c < 0x800) {
    out[0] = (char)(0xC0 | c >> 6);
    out[1] = (char)(0x80 | (c & 0x3F));
    return 2;
  }
  if (c > 0x10FFFF || (c >= 0xD800 && c < 0xE000)) c = TEXT_REPLACEMENT;
  if (c < 0x10000) {
    out[0] = (char)(0xE0 | c >> 12);
    out[1] = (char)(0x80 | (c >> 6 & 0x3F));
    out[2] = (char)(0x80 | (c & 0x3F));
    return 3;
  }
  out[0] = (char)(0xF0 | c >> 18);
  out[1] = (char)(0x80 | (c >> 12 & 0x3F));
  out[2] = (char)(0x80 | (c >> 6 & 0x3F));
  out[3] = (char)(0x80 | (c & 0x3F));
  return 4;
}

size_t text_count(struct bytes text) {
  const char *p = text.data, *end = text_end(text);
  size_t count = 0;
  for (; p < end; count++) text_decode(&p, end);
  return count;
}

struct bytes text_first(struct bytes text, size_t count) {
  const char *p = text.data, *end = text_end(text);
  while (p < end && count-- > 0) text_decode(&p, end);
  return text.size ? bytes_of(text.data, (size_t)(p - text.data)) : text;
}

struct bytes text_cut(struct bytes text, size_t bytes_max) {
  if (text.size <= bytes_max) return text;
  size_t size = bytes_max;
  /* A sequence has at most three continuation bytes; more of them are malformed and may be cut. */
  for (int i = 0; i < 3 && size > 0 && ((unsigned char)text.data[size] & 0xC0) == 0x80; i++) size--;
  return bytes_of(text.data, size);
}

bool text_has_han(struct bytes text) {
  const char *p = text.data, *end = text_end(text);
  while (p < end) {
    if (text_is_han(text_decode(&p, end))) return true;
  }
  return false;
}

bool text_is_ascii(struct bytes text) {
  size_t i = 0;
  for (; i + 8 <= text.size; i += 8) {
    if (load_u64(text.data + i) & HIGH_BITS) return false;
  }
  for (; i < text.size; i++) {
    if ((unsigned char)text.data[i] & 0x80) return false;
  }
  return true;
}

/* --- cleaning --------------------------------------------------------------------------------- */

enum char_class {
  CLASS_STABLE, /* NFKC leaves it alone and it never joins with a neighbour that is stable too */
  CLASS_UPPER,  /* as STABLE, but folding changes it */
  CLASS_SPACE,
  CLASS_INVISIBLE,
  CLASS_WIDE,  /* U+FF01..FF5E: ASCII + 0xFEE0 */
  CLASS_OTHER, /* for ICU */
};

static bool is_invisible(uint32_t c) {
  if (c < 0x300) return c == 0xAD;
  return (c >= 0x200B && c <= 0x200F) || (c >= 0x202A && c <= 0x202E) ||
         (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF || c == 0x034F || c == 0x061C ||
         (c >= 0x115F && c <= 0x1160) || (c >= 0x17B4 && c <= 0x17B5) ||
         (c >= 0x180B && c <= 0x180F) || c == 0x3164 || (c >= 0xFE00 && c <= 0xFE0F) ||
         c == 0xFFA0 || (c >= 0x1BCA0 && c <= 0x1BCA3) || (c >= 0x1D173 && c <= 0x1D17A) ||
         (c >= 0xE0000 && c <= 0xE0FFF);
}

static bool is_space(uint32_t c) {
  if (c < 0x80) return c <= 0x20 || c == 0x7F;
  return c <= 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 ||
         c == 0x202F || c == 0x205F || c == 0x3000;
}

static enum char_class classify(uint32_t c) {
  if (c < 0x80) {
    if (c <= 0x20 || c == 0x7F) return CLASS_SPACE;
    return c >= 'A' && c <= 'Z' ? CLASS_UPPER : CLASS_STABLE;
  }
  if ((c >= 0x4E00 && c < 0xA000) || (c >= 0x3400 && c < 0x4DC0) || c == 0xB7 ||
      (c >= 0x20000 && c < 0x2A6E0) || (c >= 0x2A700 && c < 0x2EBE1)) {
    return CLASS_STABLE;
  }
  if (c >= 0xC0 && c < 0x100) {
    if (c == 0xDF) return CLASS_OTHER; /* ß: folding makes it two */
    return c < 0xDF && c != 0xD7 ? CLASS_UPPER : CLASS_STABLE;
  }
  if (c >= 0xFF01 && c <= 0xFF5E) return CLASS_WIDE;
  /* 、。〈〉《》「」『』【】〔〕 */
  if (c >= 0x3001 && c <= 0x3015 && c != 0x3004 && c != 0x3012 && c != 0x3013) return CLASS_STABLE;
  if (is_space(c)) return CLASS_SPACE;
  if (is_invisible(c)) return CLASS_INVISIBLE;
  return CLASS_OTHER;
}

/* What has to be done to raw: nothing, the cheap changes, or ICU. */
enum plan { PLAN_KEEP, PLAN_CHEAP, PLAN_ICU };

static enum plan plan_for(struct bytes raw, bool fold) {
  const char *p = raw.data, *end = text_end(raw);
  bool changed = false, space_before = true;
  while (p < end) {
    unsigned char lead = (unsigned char)*p;
    if (lead > 0x20 && lead < 0x7F) {
      changed |= fold && lead >= 'A' && lead <= 'Z';
      space_before = false;
      p++;
      continue;
    }
    if (lead == ' ') {
      changed |= space_before;
      space_before = true;
      p++;
      continue;
    }
    switch (classify(text_decode(&p, end))) {
      case CLASS_STABLE:
        space_before = false;
        break;
      case CLASS_UPPER:
        changed |= fold;
        space_before = false;
        break;
      case CLASS_SPACE:
      case CLASS_INVISIBLE:
      case CLASS_WIDE:
        changed = true;
        break;
      case CLASS_OTHER:
        return PLAN_ICU;
    }
  }
  return changed || (space_before && raw.size) ? PLAN_CHEAP : PLAN_KEEP;
}

/* Spaces folded while characters are appended; the buffer must be large enough. */
struct writer {
  char *next, *start;
  bool space_waits;
};

static void write_char(struct writer *w, uint32_t c) {
  if (w->space_waits && w->next > w->start) *w->next++ = ' ';
  w->space_waits = false;
  w->next += text_encode(c, w->next);
}

static struct bytes clean_cheaply(struct bytes raw, bool fold, struct arena *arena) {
  /* No class handled here grows. */
  char *out = arena_alloc(arena, raw.size);
  struct writer w = {out, out, false};
  const char *p = raw.data, *end = text_end(raw);
  while (p < end) {
    uint32_t c = text_decode(&p, end);
    switch (classify(c)) {
      case CLASS_SPACE:
        w.space_waits = true;
        continue;
      case CLASS_INVISIBLE:
        continue;
      case CLASS_WIDE:
        c -= 0xFEE0;
        break;
      default:
        break;
    }
    if (fold && classify(c) == CLASS_UPPER) c += 0x20;
    write_char(&w, c);
  }
  return bytes_of(out, (size_t)(w.next - out));
}

/* Visible characters as UTF-16, every space as U+0020. */
static size_t to_utf16(struct bytes raw, UChar *out) {
  const char *p = raw.data, *end = text_end(raw);
  UChar *o = out;
  while (p < end) {
    uint32_t c = text_decode(&p, end);
    if (is_invisible(c)) continue;
    if (is_space(c)) c = ' ';
    if (c >= 0x10000) {
      *o++ = (UChar)(0xD7C0 + (c >> 10));
      *o++ = (UChar)(0xDC00 | (c & 0x3FF));
    } else {
      *o++ = (UChar)c;
    }
  }
  return (size_t)(o - out);
}

static struct bytes clean_with_icu(struct bytes raw, bool fold, struct arena *arena) {
  UErrorCode status = U_ZERO_ERROR;
  const UNormalizer2 *normalizer =
      fold ? unorm2_getNFKCCasefoldInstance(&status) : unorm2_getNFKCInstance(&status);
  check(U_SUCCESS(status)); /* the tables are part of the library */
  UChar *wide = arena_alloc(arena, (raw.size + 1) * sizeof *wide);
  int32_t wide_size = (int32_t)to_utf16(raw, wide);

  int32_t capacity = wide_size * 2 + 16;
  UChar *normal = arena_alloc(arena, (size_t)capacity * sizeof *normal);
  int32_t size = unorm2_normalize(normalizer, wide, wide_size, normal, capacity, &status);
  if (status == U_BUFFER_OVERFLOW_ERROR) { /* one character can become 18 */
    status = U_ZERO_ERROR;
    capacity = size;
    normal = arena_alloc(arena, (size_t)capacity * sizeof *normal);
    size = unorm2_normalize(normalizer, wide, wide_size, normal, capacity, &status);
  }
  check(U_SUCCESS(status));

  char *out = arena_alloc(arena, (size_t)size * 3 + 1);
  struct writer w = {out, out, false};
  for (int32_t i = 0; i < size;) {
    uint32_t c = normal[i++];
    if (c >= 0xD800 && c < 0xDC00 && i < size) c = (c - 0xD7C0) << 10 | (normal[i++] & 0x3FFu);
    if (is_space(c)) { /* NFKC makes some: ¨ is a space and a mark */
      w.space_waits = true;
    } else {
      write_char(&w, c);
    }
  }
  return bytes_of(out, (size_t)(w.next - out));
}

static struct bytes clean(struct bytes raw, bool fold, struct arena *arena) {
  /* Spaces at the ends are the commonest flaw: cutting them needs no copy. */
  while (raw.size && (unsigned char)raw.data[0] <= ' ') raw.data++, raw.size--;
  while (raw.size && (unsigned char)raw.data[raw.size - 1] <= ' ') raw.size--;
  switch (plan_for(raw, fold)) {
    case PLAN_KEEP:
      return raw;
    case PLAN_CHEAP:
      return clean_cheaply(raw, fold, arena);
    default:
      return clean_with_icu(raw, fold, arena);
  }
}

struct bytes text_clean(struct bytes raw, struct arena *arena) {
  return clean(raw, false, arena);
}

struct bytes text_fold(struct bytes raw, struct arena *arena) {
  return clean(raw, true, arena);
}

/* --- pinyin in brackets ----------------------------------------------------------------------- */

/* āáǎà … ǘǚǜ: the vowels with tone marks, precomposed. */
static bool is_tone_vowel(uint32_t c) {
  switch (c) {
    case 0xE1:
    case 0xE0:
    case 0xE9:
    case 0xE8:
    case 0xED:
    case 0xEC:
    case 0xF3:
    case 0xF2:
    case 0xFA:
    case 0xF9:
    case 0x101:
    case 0x113:
    case 0x12B:
    case 0x14D:
    case 0x16B:
    case 0x1CE:
    case 0x11B:
    case 0x1D0:
    case 0x1D2:
    case 0x1D4:
    case 0x1D6:
    case 0x1D8:
    case 0x1DA:
    case 0x1DC:
      return true;
    default:
      return false;
  }
}

enum { SYLLABLE_LETTERS_MAX = 6 }; /* zhuang */

/* p stands behind '('; the position behind ')' when what is between is one syllable, else NULL. */
static const char *skip_syllable(const char *p, const char *end) {
  bool tone = false;
  for (int letters = 0; p < end; letters++) {
    uint32_t c = text_decode(&p, end);
    if (c == ')') {
      if (letters == 0) return NULL;
      const char *next = p;
      return tone || (next < end && text_is_han(text_decode(&next, end))) ? p : NULL;
    }
    if (tone && c >= '1' && c <= '5') return NULL;
    if (letters > 0 && c >= '1' && c <= '5') {
      if (p < end && *p == ')') return p + 1;
      return NULL;
    }
    if (letters >= SYLLABLE_LETTERS_MAX) return NULL;
    if (is_tone_vowel(c)) {
      tone = true;
    } else if (!((c >= 'a' && c <= 'z') || c == 0xFC)) {
      return NULL;
    }
  }
  return NULL;
}

struct bytes text_strip_pinyin(struct bytes text, struct arena *arena) {
  if (!text.size || !memchr(text.data, '(', text.size)) return text;
  char *out = NULL;
  size_t size = 0;
  const char *p = text.data, *end = text_end(text), *kept = p;
  bool after_han = false;
  while (p < end) {
    const char *start = p;
    uint32_t c = text_decode(&p, end);
    const char *past = c == '(' && after_han ? skip_syllable(p, end) : NULL;
    if (!past) {
      after_han = text_is_han(c);
      continue;
    }
    if (!out) out = arena_alloc(arena, text.size);
    memcpy(out + size, kept, (size_t)(start - kept));
    size += (size_t)(start - kept);
    kept = p = past;
  }
  if (!out) return text;
  memcpy(out + size, kept, (size_t)(end - kept));
  return bytes_of(out, size + (size_t)(end - kept));
}
