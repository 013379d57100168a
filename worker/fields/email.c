/* Feature: hashes of local part and domain, and the beginning of the local part for telling slips.
 * The domain's hash is that of the domain it seems to be meant for; its two low bits tell the
 * spellings apart (0 = the right one). Of a cell that is no address what stands before the first @
 * is remembered as its local part, or all of it when there is none. */
#include "worker/fields/email.h"

#include <strings.h>

#include "common/hash.h"
#include "worker/fields/cell.h"
#include "worker/fields/mask.h"
#include "worker/similarity/one_edit.h"

enum {
  EMAIL_LOCAL_MAX = 64,
  FEATURE_TEXT_SIZE = 23,
  SPELLING_MASK = 3,
  MEANT_MAX = 24,
  BROKEN_LOCAL_MIN = 4
};

struct email_feature {
  uint32_t local_hash, domain;
  char text[FEATURE_TEXT_SIZE]; /* a local part of this size or more is cut */
  uint8_t shape;
};

enum email_shape { SHAPE_ADDRESS, SHAPE_BROKEN, SHAPE_WITHOUT_AT };

enum { LEVEL_OTHER_DOMAIN = 5, LEVEL_ONE_EDIT, LEVEL_MISSPELT_DOMAIN };

enum { PART_EXACT, PART_LOCAL };

/* ---- what characters may do ---- */

enum { IN_LOCAL = 1, IN_DOMAIN = 2, UPPER = 4, SIGN_AT = 8, STAR = 16, STRANGE = 32 };

#define B (IN_LOCAL | IN_DOMAIN)
static const unsigned char classes[256] = {
    ['a'] = B,        ['b'] = B,        ['c'] = B,        ['d'] = B,        ['e'] = B,
    ['f'] = B,        ['g'] = B,        ['h'] = B,        ['i'] = B,        ['j'] = B,
    ['k'] = B,        ['l'] = B,        ['m'] = B,        ['n'] = B,        ['o'] = B,
    ['p'] = B,        ['q'] = B,        ['r'] = B,        ['s'] = B,        ['t'] = B,
    ['u'] = B,        ['v'] = B,        ['w'] = B,        ['x'] = B,        ['y'] = B,
    ['z'] = B,        ['0'] = B,        ['1'] = B,        ['2'] = B,        ['3'] = B,
    ['4'] = B,        ['5'] = B,        ['6'] = B,        ['7'] = B,        ['8'] = B,
    ['9'] = B,        ['.'] = B,        ['-'] = B,        ['_'] = IN_LOCAL, ['!'] = IN_LOCAL,
    ['#'] = IN_LOCAL, ['$'] = IN_LOCAL, ['%'] = IN_LOCAL, ['&'] = IN_LOCAL, ['\''] = IN_LOCAL,
    ['+'] = IN_LOCAL, ['/'] = IN_LOCAL, ['='] = IN_LOCAL, ['?'] = IN_LOCAL, ['^'] = IN_LOCAL,
    ['`'] = IN_LOCAL, ['{'] = IN_LOCAL, ['|'] = IN_LOCAL, ['}'] = IN_LOCAL, ['~'] = IN_LOCAL,
    ['@'] = SIGN_AT,  ['*'] = STAR};
#undef B

static unsigned class_of(char c) {
  unsigned class = classes[(unsigned char)c];
  if (class) return class;
  return c >= 'A' && c <= 'Z' ? (unsigned)(UPPER | IN_LOCAL | IN_DOMAIN) : (unsigned)STRANGE;
}

static unsigned classes_in(struct bytes text) {
  unsigned seen = 0;
  for (size_t i = 0; i < text.size; i++) seen |= class_of(text.data[i]);
  return seen;
}

/* ---- cleaning ---- */

/* The first address of a cell that has more around it: mailto:, <…>, a second address. Lower case,
 * in room. */
static struct bytes tidy(struct bytes text, char room[CELL_BYTES_MAX], bool *cut) {
  if (text.size > 7 && strncasecmp(text.data, "mailto:", 7) == 0) text.data += 7, text.size -= 7;
  const char *open = text.size ? memchr(text.data, '<', text.size) : NULL;
  if (open) {
    text.size -= (size_t)(open + 1 - text.data);
    text.data = open + 1;
    const char *close = text.size ? memchr(text.data, '>', text.size) : NULL;
    if (close) text.size = (size_t)(close - text.data);
  }
  text = bytes_trim(text);
  size_t size = 0;
  for (size_t i = 0; i < text.size && size < CELL_BYTES_MAX; i++) {
    char c = text.data[i];
    if (c == ';' || c == ',' || c == ' ') {
      *cut = memchr(text.data + i, '@', text.size - i) != NULL && memchr(room, '@', size) != NULL;
      if (*cut) break;
    }
    room[size++] = cell_lower(c);
  }
  while (size && (room[size - 1] == '.' || room[size - 1] == ';' || room[size - 1] == ',')) size--;
  return bytes_of(room, size);
}

/* Labels of letters, digits and inner hyphens, at least two, the last one of two letters or more.
 */
static bool is_domain(struct bytes domain) {
  size_t label = 0, labels = 0;
  bool letters = true;
  for (size_t i = 0; i <= domain.size; i++) {
    char c = i < domain.size ? domain.data[i] : '.';
    if (c == '.') {
      if (label == 0 || domain.data[i - 1] == '-') return false;
      if (i == domain.size) break;
      labels++;
      label = 0;
      letters = true;
      continue;
    }
    if (!(class_of(c) & IN_DOMAIN) || (c == '-' && label == 0)) return false;
    letters &= cell_is_letter(c);
    label++;
  }
  return labels >= 1 && label >= 2 && letters;
}

static bool is_gmail(struct bytes domain) {
  return bytes_equal(domain, BYTES("gmail.com")) || bytes_equal(domain, BYTES("googlemail.com"));
}

/* Gmail delivers a.b+c@ to ab@. */
static size_t fold_gmail(char *local, size_t size) {
  size_t kept = 0;
  for (size_t i = 0; i < size && local[i] != '+'; i++)
    if (local[i] != '.') local[kept++] = local[i];
  return kept;
}

/* ---- judging ---- */

static bool is_one_of(struct bytes text, const char *const *words) {
  for (; *words; words++)
    if (text.size && words[0][0] == text.data[0] && bytes_equal(text, bytes_from_string(*words)))
      return true;
  return false;
}

static bool is_role(struct bytes local) {
  static const char *const words[] = {"info",       "sales",     "hr",
                                      "service",    "kefu",      "admin",
                                      "support",    "office",    "noreply",
                                      "no-reply",   "contact",   "webmaster",
                                      "postmaster", "marketing", "help",
                                      "jobs",       "job",       "careers",
                                      "newsletter", "root",      "abuse",
                                      "billing",    "hello",     "team",
                                      "mail",       "enquiries", "customerservice",
                                      NULL};
  return is_one_of(local, words);
}

static bool is_placeholder(struct bytes local, struct bytes domain) {
  static const char *const made_up[] = {"test", "abc", "xxx",  "aaa", "none", "null",
                                        "no",   "na",  "123",  "111", "1234", "email",
                                        "user", "xx",  "asdf", "a",   NULL};
  static const char *const counted[] = {"123",      "1234",      "12345", "123456", "1234567",
                                        "12345678", "123456789", "111",   "1111",   "11111",
                                        "111111",   "000",       NULL};
  static const char *const anybodys[] = {"qq.com", "163.com", "126.com", "gmail.com", NULL};
  /* test@test.com, abc@abc.com … but not a@b.com */
  const char *dot = memchr(domain.data, '.', domain.size);
  if (bytes_equal(local, bytes_of(domain.data, (size_t)(dot - domain.data))) &&
      is_one_of(local, made_up))
    return true;
  if (is_one_of(local, counted) && is_one_of(domain, anybodys)) return true;
  return domain.size >= 8 && memcmp(domain.data, "example.", 8) == 0 && is_one_of(local, made_up);
}

/* The domain that a misspelt one was meant for, in room; empty when it looks right. */
static struct bytes meant_domain(struct bytes domain, char room[MEANT_MAX]) {
  static const char *const bases[] = {"qq",      "163",    "126",     "139",    "sina",
                                      "sohu",    "gmail",  "yahoo",   "icloud", "hotmail",
                                      "foxmail", "aliyun", "outlook", NULL};
  static const char *const endings[] = {".con", ".cmo", ".ocm", ".comm", ".cpm", ".xom",
                                        ".vom", ".cim", ".om",  ".coom", ".cm",  NULL};
  static const char *const providers[] = {"gmail.com",   "yahoo.com",   "icloud.com", "hotmail.com",
                                          "foxmail.com", "outlook.com", "aliyun.com", NULL};
  static const char *const neighbours[] = {"mail.com", "ymail.com", "email.com", "cloud.com",
                                           "gmail.co", "gmx.com",   NULL};
  if (domain.size + 2 > MEANT_MAX) return BYTES_EMPTY;
  for (const char *const *p = providers; *p; p++) {
    struct bytes provider = bytes_from_string(*p);
    if (domain.size + 1 < provider.size || domain.size > provider.size + 1) continue;
    if (bytes_equal(domain, provider)) return BYTES_EMPTY;
    if (one_edit(domain, provider) && !is_one_of(domain, neighbours)) return provider;
  }
  if (domain.data[domain.size - 4] == '.' && memcmp(domain.data + domain.size - 3, "com", 3) == 0)
    return BYTES_EMPTY;
  size_t dot = 0;
  while (domain.data[dot] != '.') dot++;
  if (!is_one_of(bytes_of(domain.data + dot, domain.size - dot), endings) ||
      !is_one_of(bytes_of(domain.data, dot), bases))
    return BYTES_EMPTY;
  memcpy(room, domain.data, dot);
  memcpy(room + dot, ".com", 4);
  return bytes_of(room, dot + 4);
}

struct verdict {
  enum email_kind kind;
  enum value_state state;
  uint32_t flags;
};

static struct verdict judge(struct bytes local, struct bytes domain) {
  struct verdict invalid = {EMAIL_INVALID, VALUE_INVALID, FIELD_E_SHAPE};
  if (local.size == 0 || local.size > EMAIL_LOCAL_MAX || local.data[0] == '.' ||
      local.data[local.size - 1] == '.' || domain.size < 4 || !is_domain(domain))
    return invalid;
  unsigned seen = classes_in(local);
  if (seen & (STRANGE | SIGN_AT)) return invalid;
  if (seen & STAR) return (struct verdict){EMAIL_MASKED, VALUE_ATTRIBUTE, FIELD_W_MASKED};
  if (is_placeholder(local, domain))
    return (struct verdict){EMAIL_PLACEHOLDER, VALUE_MISSING, FIELD_W_PLACEHOLDER};
  if (is_role(local)) return (struct verdict){EMAIL_ROLE, VALUE_ATTRIBUTE, FIELD_W_ROLE};
  return (struct verdict){EMAIL_OK, VALUE_OK, 0};
}

static void fill_feature(struct bytes local, struct bytes domain, struct bytes meant,
                         struct email_feature *f) {
  struct bytes real = is_gmail(domain) ? BYTES("gmail.com") : meant.size ? meant : domain;
  uint32_t spelling = meant.size ? 1 + (uint32_t)(hash_bytes(domain) % SPELLING_MASK) : 0;
  f->local_hash = (uint32_t)hash_bytes(local);
  f->domain = ((uint32_t)hash_bytes(real) & ~(uint32_t)SPELLING_MASK) | spelling;
  memcpy(f->text, local.data, local.size < FEATURE_TEXT_SIZE ? local.size : FEATURE_TEXT_SIZE);
}

static void fill_broken(struct bytes text, struct bytes local, struct email_feature *f) {
  if (local.size < BROKEN_LOCAL_MIN || (classes_in(local) & (STRANGE | STAR | SIGN_AT))) return;
  fill_feature(local, BYTES_EMPTY, BYTES_EMPTY, f);
  f->shape = local.size == text.size ? SHAPE_WITHOUT_AT : SHAPE_BROKEN;
}

static void email_standardise(const struct field_options *options, struct bytes raw,
                              struct arena *arena, struct standard_value *value, void *feature) {
  (void)options;
  char room[CELL_BYTES_MAX];
  struct bytes text = raw;
  bool several = false;
  if (raw.size == 0 || raw.size > CELL_BYTES_MAX || (classes_in(raw) & (UPPER | STRANGE))) {
    text = cell_fold(raw, arena);
    if (cell_means_empty(text)) {
      *value = (struct standard_value){.state = VALUE_MISSING};
      return;
    }
    if (text.size <= CELL_BYTES_MAX) text = tidy(text, room, &several);
  }
  *value = (struct standard_value){raw, VALUE_INVALID, EMAIL_INVALID, FIELD_E_SHAPE};
  bool fits = text.size && text.size <= CELL_BYTES_MAX;
  const char *sign = fits ? memchr(text.data, '@', text.size) : NULL;
  if (!sign) {
    if (cell_means_empty(text))
      *value = (struct standard_value){.state = VALUE_MISSING};
    else if (feature && fits)
      fill_broken(text, text, feature);
    return;
  }
  struct bytes local = bytes_of(text.data, (size_t)(sign - text.data));
  struct bytes domain = bytes_of(sign + 1, text.size - local.size - 1);
  char gmail[CELL_BYTES_MAX];
  if (is_gmail(domain)) {
    memmove(gmail, text.data, text.size);
    size_t kept = fold_gmail(gmail, local.size);
    if (kept && kept < local.size) {
      memmove(gmail + kept, gmail + local.size, text.size - local.size);
      text = bytes_of(gmail, text.size - local.size + kept);
      local = bytes_of(gmail, kept);
      domain = bytes_of(gmail + kept + 1, domain.size);
    }
  }
  struct verdict v = judge(local, domain);
  if (v.state == VALUE_INVALID) {
    if (feature) fill_broken(text, local, feature);
    return;
  }
  *value = (struct standard_value){BYTES_EMPTY, v.state, (uint8_t)v.kind, v.flags};
  if (v.state == VALUE_MISSING) return;
  if (several) value->flags |= FIELD_W_AMBIGUOUS;
  char meant_room[MEANT_MAX];
  struct bytes meant = v.state == VALUE_OK ? meant_domain(domain, meant_room) : BYTES_EMPTY;
  if (meant.size) value->flags |= FIELD_W_TYPO_DOMAIN;
  if (feature && v.state == VALUE_OK) fill_feature(local, domain, meant, feature);
  if (bytes_equal(raw, text)) {
    value->value = raw;
  } else {
    value->value = arena_copy(arena, text);
    if (v.state == VALUE_OK) value->state = VALUE_FIXED;
  }
}

/* ---- features ---- */

static const struct email_feature *as_feature(const void *feature) { return feature; }

static bool is_missing(const struct email_feature *f) { return f->text[0] == '\0'; }

static uint64_t email_key_part(const void *feature, unsigned part) {
  const struct email_feature *f = as_feature(feature);
  if (is_missing(f)) return 0;
  uint64_t local = hash_bytes_seeded(bytes_of(f->text, FEATURE_TEXT_SIZE), f->local_hash);
  if (part == PART_EXACT) return f->shape == SHAPE_ADDRESS ? hash_join(local, f->domain) : 0;
  return part == PART_LOCAL && f->shape != SHAPE_WITHOUT_AT ? local : 0;
}

static struct bytes local_of(const struct email_feature *f) {
  return bytes_of(f->text, strnlen(f->text, FEATURE_TEXT_SIZE));
}

static bool one_edit_in_local(const struct email_feature *a, const struct email_feature *b) {
  struct bytes x = local_of(a), y = local_of(b);
  return x.size < FEATURE_TEXT_SIZE && y.size < FEATURE_TEXT_SIZE && x.size + y.size >= 6 &&
         one_edit(x, y);
}

static bool same_local(const struct email_feature *a, const struct email_feature *b) {
  return a->local_hash == b->local_hash && memcmp(a->text, b->text, FEATURE_TEXT_SIZE) == 0;
}

/* At least one is no address: it can speak for a pair, not against it. */
static unsigned compare_broken(const struct email_feature *a, const struct email_feature *b) {
  bool same = same_local(a, b);
  if (a->shape == SHAPE_WITHOUT_AT)
    same |= local_of(b).size >= BROKEN_LOCAL_MIN && bytes_starts_with(local_of(a), local_of(b));
  if (b->shape == SHAPE_WITHOUT_AT)
    same |= local_of(a).size >= BROKEN_LOCAL_MIN && bytes_starts_with(local_of(b), local_of(a));
  return same ? LEVEL_OTHER_DOMAIN : FIELD_LEVEL_MISSING;
}

static unsigned email_compare(const void *pa, const void *pb) {
  const struct email_feature *a = as_feature(pa), *b = as_feature(pb);
  if (is_missing(a) || is_missing(b)) return FIELD_LEVEL_MISSING;
  if (a->shape != SHAPE_ADDRESS || b->shape != SHAPE_ADDRESS) return compare_broken(a, b);
  bool same_meant = ((a->domain ^ b->domain) & ~(uint32_t)SPELLING_MASK) == 0;
  if (same_local(a, b)) {
    if (a->domain == b->domain) return FIELD_LEVEL_EXACT;
    return same_meant ? LEVEL_MISSPELT_DOMAIN : LEVEL_OTHER_DOMAIN;
  }
  return same_meant && one_edit_in_local(a, b) ? LEVEL_ONE_EDIT : FIELD_LEVEL_DIFFER;
}

static struct bytes email_mask(struct bytes value, struct arena *arena) {
  const char *sign = value.size ? memrchr(value.data, '@', value.size) : NULL;
  if (!sign || sign == value.data) return mask_all(value, arena);
  struct bytes local = bytes_of(value.data, (size_t)(sign - value.data));
  struct bytes domain = bytes_of(sign, value.size - local.size);
  if (memchr(local.data, '@', local.size)) return mask_all(value, arena);
  struct bytes hidden = mask_keep(local, 1, 0, arena);
  char *out = arena_alloc(arena, hidden.size + domain.size);
  memcpy(out, hidden.data, hidden.size);
  memcpy(out + hidden.size, domain.data, domain.size);
  return bytes_of(out, hidden.size + domain.size);
}

static const char *const email_kinds[] = {
    [EMAIL_INVALID] = "invalid",         [EMAIL_OK] = "ok",         [EMAIL_ROLE] = "role",
    [EMAIL_PLACEHOLDER] = "placeholder", [EMAIL_MASKED] = "masked", NULL};

static const char *const email_parts[] = {"exact", "local", NULL};

const struct field_type email_type = {
    .name = "email",
    .label = "邮箱 email",
    .feature_size = sizeof(struct email_feature),
    .search = FIELD_SEARCH_EXACT,
    .is_identifier = true,
    .is_personal = true,
    .survivorship = SURVIVE_MOST_RECENT,
    .kind_names = email_kinds,
    .part_names = email_parts,
    .levels = {[FIELD_LEVEL_EXACT] = {"same address", 0.70, 0.000002},
               [LEVEL_MISSPELT_DOMAIN] = {"same but for a misspelt domain", 0.01, 0.0000001},
               [LEVEL_ONE_EDIT] = {"one character off, same domain", 0.02, 0.000005},
               [LEVEL_OTHER_DOMAIN] = {"same before the @", 0.03, 0.00001},
               [FIELD_LEVEL_DIFFER] = {"differ", 0.24, 0.9999829}},
    .standardise = email_standardise,
    .key_part = email_key_part,
    .compare = email_compare,
    .mask = email_mask,
};
