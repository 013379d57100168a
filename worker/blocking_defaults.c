#include "worker/blocking_defaults.h"

#include "common/hash.h"

enum {
  PAIRS = 4096, /* imagined pairs of one customer */
  PAIR_WORDS = PAIRS / 64,
  ASPECTS_MAX = 64,
  ALONE_BITS_MIN = 12, /* a part that may be a rule by itself */
  RULE_BITS_MIN = 13, /* what the parts of a rule must say together: one in 8192 agrees by chance */
  THING_BITS_MIN = 7, /* where there are only texts and codes (products, titles) */
  RULE_BITS_ENOUGH = 22,
  WEAK_RULE_CAP = 60,        /* blocks that grow with the base are refined early */
  IDENTIFIER_RULES_MAX = 10, /* leaves room for names, dates and addresses */
  GAIN_MIN = PAIRS / 400,
};

/* One key part of one compared field, and how it behaves. */
struct aspect {
  struct plan_key_part part;
  uint8_t bits;               /* -log2 of the chance that it agrees for two different people */
  uint16_t survives;          /* in 1000 pairs of one customer, so many have it and agree */
  bool is_identifier;         /* a rule by itself whatever else there is */
  uint64_t alive[PAIR_WORDS]; /* in which of the imagined pairs it agrees */
};

/* Some parts exist in one script only; half of the imagined pairs are written in each. */
enum script { ANY_SCRIPT, HAN_SCRIPT, LATIN_SCRIPT };

struct aspect_row {
  const char *part;
  uint8_t bits;
  uint16_t survives;
  enum script script;
};

/* What key parts of a type say, and how often they survive typing. Guesses from the literature's
 * error rates; only their order matters much. Parts that are not named here are for users who ask
 * for them. A field that holds a part of its type has rows of its own below. */
static const struct aspect_row person_name_aspects[] = {{"exact", 13, 740},
                                                        {"pinyin", 12, 800, HAN_SCRIPT},
                                                        {"phonetic", 12, 800, LATIN_SCRIPT},
                                                        {"surname", 6, 850},
                                                        {"given", 9, 780},
                                                        {"initials", 7, 850},
                                                        {NULL}};
static const struct aspect_row name_part_aspects[] = {{"exact", 8, 750},
                                                      {"pinyin", 7, 800, HAN_SCRIPT},
                                                      {"phonetic", 7, 820, LATIN_SCRIPT},
                                                      {"initials", 4, 880},
                                                      {NULL}};
static const struct aspect_row date_aspects[] = {{"exact", 14, 800},
                                                 {"month_day", 8, 830},
                                                 {"year_month", 9, 850},
                                                 {"year", 6, 890},
                                                 {"month", 3, 880},
                                                 {"day", 5, 860},
                                                 {NULL}};
static const struct aspect_row address_aspects[] = {{"exact", 18, 350},
                                                    {"road_number", 15, 520},
                                                    {"building_room", 14, 420, HAN_SCRIPT},
                                                    {"community", 11, 400, HAN_SCRIPT},
                                                    {"road", 11, 560},
                                                    {"postcode", 10, 500, LATIN_SCRIPT},
                                                    {"district", 8, 620},
                                                    {"city", 5, 700},
                                                    {NULL}};
static const struct aspect_row street_aspects[] = {{"exact", 11, 700}, {NULL}};
static const struct aspect_row locality_aspects[] = {{"exact", 8, 750}, {NULL}};
static const struct aspect_row postcode_aspects[] = {{"exact", 10, 800}, {NULL}};
static const struct aspect_row number_aspects[] = {{"exact", 6, 760}, {NULL}};
static const struct aspect_row region_aspects[] = {{"exact", 3, 850}, {NULL}};
static const struct aspect_row company_aspects[] = {
    {"exact", 14, 550}, {"core", 13, 640}, {"prefix", 11, 660}, {"words", 13, 620}, {NULL}};
/* Bands are throws of their own: where one differs the next may agree. */
static const struct aspect_row text_aspects[] = {
    {"exact", 16, 300},  {"code", 13, 350},   {"first", 7, 650},
    {"last", 7, 600},    {"band_1", 10, 400}, {"band_2", 10, 400},
    {"band_3", 10, 400}, {"band_4", 10, 400}, {NULL}};
static const struct aspect_row amount_aspects[] = {{"exact", 9, 600}, {"about", 7, 700}, {NULL}};
static const struct aspect_row category_aspects[] = {
    {"exact", 2, 880}, {"phonetic", 2, 900}, {NULL}};
static const struct aspect_row gender_aspects[] = {{"exact", 1, 930}, {NULL}};
/* An identifier is missing more often than it is wrong. */
static const struct aspect_row identifier_aspects[] = {
    {"exact", 24, 500}, {"last7", 20, 520}, {"tail6", 16, 540},        {"birth_date", 14, 560},
    {"local", 14, 520}, {"last4", 12, 540}, {"organisation", 22, 520}, {NULL}};
static const struct aspect_row no_aspects[] = {{NULL}};

static const struct aspect_row *address_part_aspects(enum address_part part) {
  switch (part) {
    case ADDRESS_WHOLE:
      return address_aspects;
    case ADDRESS_STREET:
      return street_aspects;
    case ADDRESS_NUMBER:
    case ADDRESS_UNIT:
      return number_aspects;
    case ADDRESS_LOCALITY:
      return locality_aspects;
    case ADDRESS_REGION:
      return region_aspects;
    case ADDRESS_POSTCODE:
      return postcode_aspects;
  }
  return no_aspects;
}

static const struct aspect_row *aspects_of(const struct job_field *field,
                                           const struct field_type *type) {
  if (type->is_identifier) return identifier_aspects;
  switch (field->type) {
    case FIELD_TYPE_PERSON_NAME:
      if (field->options.name_part == NAME_WHOLE) return person_name_aspects;
      return field->options.name_part <= NAME_MIDDLE ? name_part_aspects : no_aspects;
    case FIELD_TYPE_DATE:
      return date_aspects;
    case FIELD_TYPE_ADDRESS:
      return address_part_aspects(field->options.address_part);
    case FIELD_TYPE_COMPANY:
      return company_aspects;
    case FIELD_TYPE_TEXT:
      return text_aspects;
    case FIELD_TYPE_AMOUNT:
      return amount_aspects;
    case FIELD_TYPE_CATEGORY:
      return field->options.code_table == CODE_GENDER ? gender_aspects : category_aspects;
    default:
      return no_aspects;
  }
}

/* Parts of a date or middle name say less than the whole. */
static uint8_t bits_of(const struct job_field *field, uint8_t bits) {
  if (field->type == FIELD_TYPE_PERSON_NAME && field->options.name_part == NAME_MIDDLE)
    return bits / 2;
  if (field->type != FIELD_TYPE_DATE) return bits;
  switch (field->options.date_part) {
    case DATE_YEAR:
      return 6;
    case DATE_MONTH:
      return 3;
    case DATE_DAY:
      return 5;
    default:
      return bits;
  }
}

/* One throw per pair and field decides for all parts of the field: the sturdier ones agree wherever
 * the weaker ones do. The words of a text come and go one by one. */
static void imagine_pairs(struct aspect *aspect, enum field_type_id type, enum script script) {
  uint64_t stream = aspect->part.comparison;
  if (type == FIELD_TYPE_TEXT) stream = hash_join(stream, aspect->part.part + 1);
  for (unsigned i = 0; i < PAIRS; i++) {
    if (script != ANY_SCRIPT && (i % 2 == 0) != (script == HAN_SCRIPT)) continue;
    uint64_t thrown = hash_mix(hash_mix(i + 1) + stream) % 1000;
    if (thrown < aspect->survives) aspect->alive[i / 64] |= (uint64_t)1 << (i % 64);
  }
}

static unsigned list_aspects(const struct plan *plan, struct aspect aspects[ASPECTS_MAX]) {
  unsigned count = 0;
  for (uint32_t c = 0; c < plan->comparison_count; c++) {
    const struct job_field *field = &plan->job->fields[plan->comparisons[c].field];
    const struct field_type *type = plan->comparisons[c].type;
    const struct aspect_row *rows = aspects_of(field, type);
    for (unsigned p = 0; type->part_names && type->part_names[p]; p++) {
      for (const struct aspect_row *row = rows; row->part; row++) {
        if (strcmp(row->part, type->part_names[p]) != 0 || count == ASPECTS_MAX) continue;
        /* A part of a date has one aspect only: itself. */
        if (field->type == FIELD_TYPE_DATE && field->options.date_part != DATE_WHOLE && p > 0)
          continue;
        struct aspect *aspect = &aspects[count++];
        *aspect = (struct aspect){.part = {(uint8_t)c, (uint8_t)p},
                                  .bits = bits_of(field, row->bits),
                                  .survives = row->survives,
                                  .is_identifier = type->is_identifier && p == 0};
        imagine_pairs(aspect, field->type, row->script);
      }
    }
  }
  return count;
}

static struct bytes rule_name(const struct plan *plan, const struct plan_blocking_rule *rule,
                              struct arena *arena) {
  struct buffer name = {0};
  for (unsigned i = 0; i < rule->part_count; i++) {
    const struct plan_comparison *comparison = &plan->comparisons[rule->parts[i].comparison];
    if (i) buffer_append_string(&name, " + ");
    buffer_append_bytes(&name, plan->job->fields[comparison->field].name);
    if (rule->parts[i].part)
      buffer_printf(&name, ".%s", comparison->type->part_names[rule->parts[i].part]);
  }
  struct bytes copy = arena_copy(arena, buffer_bytes(&name));
  buffer_release(&name);
  return copy;
}

static void add_rule(struct plan *plan, const struct aspect *first, const struct aspect *second,
                     uint64_t covered[PAIR_WORDS], struct arena *arena) {
  struct plan_blocking_rule *rule = &plan->blocking[plan->blocking_count++];
  *rule = (struct plan_blocking_rule){.parts = {first->part}, .part_count = 1};
  if (second) rule->parts[rule->part_count++] = second->part;
  unsigned bits = first->bits + (second ? second->bits : 0u);
  if (bits < RULE_BITS_ENOUGH && plan->job->block_cap == 0) rule->cap = WEAK_RULE_CAP;
  rule->name = rule_name(plan, rule, arena);
  blocking_defaults_refine(plan, rule);
  for (unsigned w = 0; w < PAIR_WORDS; w++)
    covered[w] |= first->alive[w] & (second ? second->alive[w] : ~(uint64_t)0);
}

static unsigned gain_of(const struct aspect *first, const struct aspect *second,
                        const uint64_t covered[PAIR_WORDS]) {
  unsigned gain = 0;
  for (unsigned w = 0; w < PAIR_WORDS; w++) {
    uint64_t alive = first->alive[w] & (second ? second->alive[w] : ~(uint64_t)0);
    gain += (unsigned)__builtin_popcountll(alive & ~covered[w]);
  }
  return gain;
}

/* Adds the rule that finds most of what is not found yet, weighed by how small its blocks are.
 * false when none adds enough. */
static bool add_best_rule(struct plan *plan, const struct aspect *aspects, unsigned count,
                          unsigned pair_min, unsigned alone_min, uint64_t covered[PAIR_WORDS],
                          struct arena *arena) {
  unsigned best_value = 0, best_first = 0, best_second = 0;
  for (unsigned i = 0; i < count; i++) {
    if (aspects[i].is_identifier) continue;
    /* i with itself stands for the rule of one part */
    for (unsigned k = i; k < count; k++) {
      bool alone = k == i;
      if (aspects[k].is_identifier ||
          (!alone && aspects[i].part.comparison == aspects[k].part.comparison))
        continue;
      unsigned bits = aspects[i].bits + (alone ? 0u : aspects[k].bits);
      if (bits < (alone ? alone_min : pair_min)) continue;
      unsigned gain = gain_of(&aspects[i], alone ? NULL : &aspects[k], covered);
      if (gain < GAIN_MIN) continue;
      /* Squared: what a small block saves is felt on every record. */
      if (bits > RULE_BITS_ENOUGH) bits = RULE_BITS_ENOUGH;
      unsigned value = gain * bits * bits;
      if (value > best_value) best_value = value, best_first = i, best_second = k;
    }
  }
  if (best_value == 0) return false;
  add_rule(plan, &aspects[best_first], best_second == best_first ? NULL : &aspects[best_second],
           covered, arena);
  return true;
}

static void add_rules(struct plan *plan, const struct aspect *aspects, unsigned count,
                      unsigned pair_min, unsigned alone_min, uint64_t covered[PAIR_WORDS],
                      struct arena *arena) {
  while (plan->blocking_count < JOB_BLOCKING_RULES_MAX &&
         add_best_rule(plan, aspects, count, pair_min, alone_min, covered, arena)) {
  }
}

static bool names_anyone(const struct plan *plan) {
  for (uint32_t c = 0; c < plan->comparison_count; c++) {
    switch (plan->job->fields[plan->comparisons[c].field].type) {
      case FIELD_TYPE_TEXT:
      case FIELD_TYPE_CATEGORY:
      case FIELD_TYPE_AMOUNT:
      case FIELD_TYPE_DATE:
        break;
      default:
        return true;
    }
  }
  return false;
}

void blocking_defaults_make(struct plan *plan, struct arena *arena) {
  struct aspect aspects[ASPECTS_MAX];
  uint64_t covered[PAIR_WORDS] = {0};
  unsigned count = list_aspects(plan, aspects);
  plan->blocking_count = 0;
  for (unsigned i = 0; i < count && plan->blocking_count < IDENTIFIER_RULES_MAX; i++) {
    if (aspects[i].is_identifier) add_rule(plan, &aspects[i], NULL, covered, arena);
  }
  bool people = names_anyone(plan);
  unsigned pair_min = people ? RULE_BITS_MIN : THING_BITS_MIN;
  unsigned alone_min = people ? ALONE_BITS_MIN : THING_BITS_MIN;
  add_rules(plan, aspects, count, pair_min, alone_min, covered, arena);
  /* Nothing says enough (a list of town names): better large blocks, refined, than none. */
  if (plan->blocking_count == 0) add_rules(plan, aspects, count, 1, 1, covered, arena);
}

void blocking_defaults_refine(const struct plan *plan, struct plan_blocking_rule *rule) {
  struct aspect aspects[ASPECTS_MAX];
  unsigned count = list_aspects(plan, aspects);
  uint32_t used = 0;
  for (unsigned i = 0; i < rule->part_count; i++) used |= 1u << rule->parts[i].comparison;
  rule->refine_count = 0;
  while (rule->refine_count < JOB_KEY_PARTS_MAX) {
    unsigned best_value = 0, best = 0;
    for (unsigned i = 0; i < count; i++) {
      if (used >> aspects[i].part.comparison & 1 || aspects[i].is_identifier) continue;
      /* What splits a block loses the pairs in which it differs: sturdiness first. */
      unsigned bits = aspects[i].bits < 8 ? aspects[i].bits : 8;
      unsigned value = aspects[i].survives * aspects[i].survives / 1000 * bits;
      if (value > best_value) best_value = value, best = i;
    }
    if (best_value == 0) return;
    rule->refine[rule->refine_count++] = aspects[best].part;
    used |= 1u << aspects[best].part.comparison;
  }
}
