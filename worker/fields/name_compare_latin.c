/* Words are paired: equal ones first, then the best of what is left. What the worst pair reaches is
 * what the names reach; words without a partner lower it. */
#include <string.h>

#include "worker/fields/name_compare.h"
#include "worker/fields/tables.h"
#include "worker/similarity/jaro_winkler.h"
#include "worker/similarity/levenshtein.h"
#include "worker/similarity/phonetic.h"

enum {
  SLIP_MIN = 9200, /* Jaro-Winkler, of JARO_WINKLER_ONE */
  SIMILAR_MIN = 8200,
  SIMILAR_SHORT_MIN = 8500, /* of words of up to three letters: Li and Le are not similar */
  SAME_SOUND_MIN = 8000,    /* beside an equal phonetic code … */
  NEAR_SOUND_MIN = 6500,    /* … and to be similar */
  LITTLE_MIN = 7000,
  SHORT_WORD = 3,
  SLIP_WORD_MIN = 5, /* in a shorter word one other letter makes another name: Mary, Gary */
  TWO_SLIPS_WORD_MIN = 8,
  THREE_SOUNDS = 1 << 16, /* the least phonetic code of three: John and Joan share two */
};

struct word {
  const char *at;
  unsigned size;
  int nickname; /* nickname_find */
};

static struct word word_of(const struct name_words *words, unsigned i) {
  return (struct word){words->at[i], words->size[i], nickname_find(words->at[i], words->size[i])};
}

/* Words of both names that have no equal one on the other side. */
struct leftovers {
  struct word a[NAME_TOKENS_MAX], b[NAME_TOKENS_MAX];
  unsigned a_count, b_count;
  unsigned equal; /* words of two letters and more that had */
  unsigned equal_initials;
};

static int compare_words(const struct name_words *a, unsigned i, const struct name_words *b,
                         unsigned j) {
  unsigned shorter = a->size[i] < b->size[j] ? a->size[i] : b->size[j];
  int order = memcmp(a->at[i], b->at[j], shorter);
  return order ? order : (int)a->size[i] - (int)b->size[j];
}

/* Both are sorted. */
static void pair_equal_words(const struct name_words *a, const struct name_words *b,
                             struct leftovers *left) {
  left->a_count = left->b_count = left->equal = left->equal_initials = 0;
  unsigned i = 0, j = 0;
  while (i < a->count || j < b->count) {
    int order = i == a->count ? 1 : j == b->count ? -1 : compare_words(a, i, b, j);
    if (order == 0) {
      if (a->size[i] > 1)
        left->equal++;
      else
        left->equal_initials++;
    }
    if (order < 0) left->a[left->a_count++] = word_of(a, i);
    if (order > 0) left->b[left->b_count++] = word_of(b, j);
    i += order <= 0;
    j += order >= 0;
  }
}

static unsigned word_level(struct word x, struct word y) {
  if (x.size == 1 || y.size == 1) return x.at[0] == y.at[0] ? NAME_LEVEL_PARTS : FIELD_LEVEL_DIFFER;
  if (nickname_equal(x.nickname, y.nickname)) return NAME_LEVEL_WRITTEN;

  struct match_masks masks;
  match_masks_bytes(&masks, x.at, x.size, y.at, y.size);
  unsigned alike = jaro_winkler(&masks);
  unsigned shorter = masks.a_size, longer = masks.b_size;
  if (alike >= SLIP_MIN) return NAME_LEVEL_SOUND;
  if (shorter <= SHORT_WORD) {
    if (alike >= SIMILAR_SHORT_MIN) return NAME_LEVEL_SIMILAR;
    return alike >= LITTLE_MIN ? NAME_LEVEL_LITTLE : FIELD_LEVEL_DIFFER;
  }
  if (longer >= SLIP_WORD_MIN && longer - shorter <= 2) {
    unsigned edits = levenshtein(&masks);
    if (edits == 1) return NAME_LEVEL_SOUND;
    if (edits == 2 && longer >= TWO_SLIPS_WORD_MIN && alike >= LITTLE_MIN)
      return NAME_LEVEL_SIMILAR;
  }
  if (alike >= NEAR_SOUND_MIN) {
    uint64_t code = phonetic_code(x.at, x.size);
    if (code == phonetic_code(y.at, y.size))
      return alike >= SAME_SOUND_MIN && code >= THREE_SOUNDS ? NAME_LEVEL_SOUND
                                                             : NAME_LEVEL_SIMILAR;
  }
  if (alike >= SIMILAR_MIN) return NAME_LEVEL_SIMILAR;
  return alike >= LITTLE_MIN ? NAME_LEVEL_LITTLE : FIELD_LEVEL_DIFFER;
}

/* Maryann and Mary Ann, with a slip or two: the words can stand in either order, for they are
 * sorted. */
static unsigned written_apart_level(struct word whole, const struct word parts[2]) {
  char joined[NAME_FEATURE_LATIN_MAX];
  unsigned size = parts[0].size + parts[1].size, best = FIELD_LEVEL_DIFFER;
  if (size > whole.size + 2 || whole.size > size + 2 || size > sizeof joined)
    return FIELD_LEVEL_DIFFER;
  for (unsigned first = 0; first < 2; first++) {
    memcpy(joined, parts[first].at, parts[first].size);
    memcpy(joined + parts[first].size, parts[1 - first].at, parts[1 - first].size);
    if (size == whole.size && memcmp(joined, whole.at, size) == 0) return NAME_LEVEL_WRITTEN;
    unsigned level = word_level(whole, (struct word){joined, size, -1});
    if (level > best) best = level;
  }
  return best >= NAME_LEVEL_SIMILAR ? best : FIELD_LEVEL_DIFFER;
}

static void remove_word(struct word *words, unsigned *count, unsigned i) {
  memmove(words + i, words + i + 1, (*count - i - 1) * sizeof *words);
  (*count)--;
}

/* Pairs the best of the leftovers as long as they are alike; the worst level a pair reached. */
static unsigned pair_similar_words(struct leftovers *left, unsigned *paired) {
  unsigned worst = FIELD_LEVEL_EXACT;
  *paired = 0;
  unsigned apart = FIELD_LEVEL_DIFFER;
  if (left->a_count == 1 && left->b_count == 2) apart = written_apart_level(left->a[0], left->b);
  if (left->b_count == 1 && left->a_count == 2) apart = written_apart_level(left->b[0], left->a);
  if (apart != FIELD_LEVEL_DIFFER) {
    left->a_count = left->b_count = 0;
    *paired = 1;
    return apart;
  }
  while (left->a_count && left->b_count) {
    unsigned best = NAME_LEVEL_LITTLE, best_i = 0, best_j = 0;
    for (unsigned i = 0; i < left->a_count; i++) {
      for (unsigned j = 0; j < left->b_count; j++) {
        unsigned level = word_level(left->a[i], left->b[j]);
        if (level <= best) continue;
        best = level;
        best_i = i;
        best_j = j;
      }
    }
    if (best == NAME_LEVEL_LITTLE) break;
    remove_word(left->a, &left->a_count, best_i);
    remove_word(left->b, &left->b_count, best_j);
    if (best < worst) worst = best;
    (*paired)++;
  }
  return worst;
}

unsigned name_compare_latin(const struct name_feature *a, const struct name_feature *b) {
  struct name_words a_words, b_words;
  name_feature_words(a, &a_words);
  name_feature_words(b, &b_words);
  if (a_words.count == 1 && b_words.count == 1) {
    return word_level(word_of(&a_words, 0), word_of(&b_words, 0));
  }
  struct leftovers left;
  pair_equal_words(&a_words, &b_words, &left);
  unsigned paired, worst = pair_similar_words(&left, &paired);
  unsigned met = left.equal + left.equal_initials + paired;
  /* Words past what a feature holds may differ: so "all words met" is not EXACT. */
  if (worst == FIELD_LEVEL_EXACT) worst = NAME_LEVEL_WRITTEN;
  if (met == 0) return FIELD_LEVEL_DIFFER;
  if (left.a_count && left.b_count) return left.equal ? NAME_LEVEL_LITTLE : FIELD_LEVEL_DIFFER;
  if (left.a_count == 0 && left.b_count == 0) {
    /* Two initials alone, or one word and an initial: nothing is certain. */
    return left.equal || worst > NAME_LEVEL_PARTS ? worst : NAME_LEVEL_FITS;
  }
  if (met >= 2) return left.equal ? NAME_LEVEL_PARTS : NAME_LEVEL_FITS;
  /* One word against several: the family name, or one of two first names. */
  if (left.equal == 0 && worst != NAME_LEVEL_SOUND) return NAME_LEVEL_LITTLE;
  return a->part == NAME_WHOLE ? NAME_LEVEL_FITS : NAME_LEVEL_PARTS;
}
