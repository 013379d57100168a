#include "worker/key_aspects.h"

#include "common/hash.h"

enum { ASPECT_BITS_MAX = 26 };

/* Of an address: what area it is in, and which spot of the area it is. A road with its number says
 * no more than the number with its road, but road and district are two things. */
enum side { NO_SIDE, AREA, SPOT, SURNAME, GIVEN };

struct aspect_row {
  const char *part;
  uint8_t bits;
  uint16_t sturdy; /* where both records have the field, in so many of 1000 the part agrees */
  enum field_script script; /* parts that exist in one script only */
  enum side side;
};

/* Guesses from published error rates of customer data; only their order matters much. The first row
 * is the whole value. Parts that are not named here are for users who ask for them. */
static const struct aspect_row person_name_rows[] = {{"exact", 13, 780},
                                                     {"pinyin", 12, 900, SCRIPT_HAN},
                                                     {"phonetic", 12, 870, SCRIPT_LATIN},
                                                     {"surname", 6, 900, SCRIPT_ANY, SURNAME},
                                                     {"given", 9, 830, SCRIPT_ANY, GIVEN},
                                                     {"initials", 7, 900},
                                                     {NULL}};
static const struct aspect_row name_part_rows[] = {{"exact", 8, 780},
                                                   {"pinyin", 7, 880, SCRIPT_HAN},
                                                   {"phonetic", 7, 860, SCRIPT_LATIN},
                                                   {"initials", 4, 930},
                                                   {NULL}};
static const struct aspect_row date_rows[] = {
    {"exact", 14, 860}, {"digits", 11, 895}, {"month_day", 8, 890}, {"year_month", 10, 900},
    {"year", 6, 940},   {"month", 3, 940},   {"day", 5, 920},       {NULL}};
static const struct aspect_row address_rows[] = {{"exact", 18, 400},
                                                 {"road_number", 14, 620, SCRIPT_ANY, SPOT},
                                                 {"building_room", 14, 500, SCRIPT_HAN, SPOT},
                                                 {"community", 8, 500, SCRIPT_HAN, SPOT},
                                                 {"road", 9, 700, SCRIPT_ANY, SPOT},
                                                 {"postcode", 10, 650, SCRIPT_LATIN, AREA},
                                                 {"district", 8, 750, SCRIPT_ANY, AREA},
                                                 {"city", 5, 850, SCRIPT_ANY, AREA},
                                                 {NULL}};
static const struct aspect_row street_rows[] = {{"exact", 11, 780}, {NULL}};
static const struct aspect_row locality_rows[] = {{"exact", 8, 780}, {NULL}};
static const struct aspect_row postcode_rows[] = {{"exact", 10, 820}, {NULL}};
static const struct aspect_row number_rows[] = {{"exact", 6, 780}, {NULL}};
static const struct aspect_row region_rows[] = {{"exact", 3, 880}, {NULL}};
static const struct aspect_row company_rows[] = {
    {"exact", 14, 700}, {"core", 13, 820}, {"prefix", 11, 850}, {"words", 13, 800}, {NULL}};
/* Bands are throws of their own: where one differs the next may agree. */
static const struct aspect_row text_rows[] = {
    {"exact", 16, 300},  {"code", 13, 350},   {"first", 7, 650},
    {"last", 7, 600},    {"band_1", 10, 400}, {"band_2", 10, 400},
    {"band_3", 10, 400}, {"band_4", 10, 400}, {NULL}};
static const struct aspect_row amount_rows[] = {{"exact", 9, 600}, {"about", 7, 700}, {NULL}};
static const struct aspect_row category_rows[] = {{"exact", 2, 880}, {"phonetic", 2, 900}, {NULL}};
static const struct aspect_row gender_rows[] = {{"exact", 1, 960}, {NULL}};
static const struct aspect_row identifier_rows[] = {
    {"exact", 24, 890}, {"last7", 20, 895}, {"tail6", 16, 895},        {"birth_date", 14, 900},
    {"local", 14, 895}, {"last4", 12, 895}, {"organisation", 22, 895}, {NULL}};
static const struct aspect_row no_rows[] = {{NULL}};

static const struct aspect_row *address_part_rows(enum address_part part) {
  static const struct aspect_row *const by_part[] = {
      [ADDRESS_WHOLE] = address_rows,     [ADDRESS_STREET] = street_rows,
      [ADDRESS_NUMBER] = number_rows,     [ADDRESS_UNIT] = number_rows,
      [ADDRESS_LOCALITY] = locality_rows, [ADDRESS_REGION] = region_rows,
      [ADDRESS_POSTCODE] = postcode_rows};
  return by_part[part];
}

static const struct aspect_row *rows_of(const struct job_field *field,
                                        const struct field_type *type) {
  if (type->is_identifier) return identifier_rows;
  switch (field->type) {
    case FIELD_TYPE_PERSON_NAME:
      if (field->options.name_part == NAME_WHOLE) return person_name_rows;
      return field->options.name_part <= NAME_MIDDLE ? name_part_rows : no_rows;
    case FIELD_TYPE_DATE:
      return date_rows;
    case FIELD_TYPE_ADDRESS:
      return address_part_rows(field->options.address_part);
    case FIELD_TYPE_COMPANY:
      return company_rows;
    case FIELD_TYPE_TEXT:
      return text_rows;
    case FIELD_TYPE_AMOUNT:
      return amount_rows;
    case FIELD_TYPE_CATEGORY:
      return field->options.code_table == CODE_GENDER ? gender_rows : category_rows;
    default:
      return no_rows;
  }
}

/* What the type's rows say, corrected by what a sample of the column showed. */
static uint8_t bits_of(const struct job_field *field, const struct aspect_row *rows,
                       const struct aspect_row *row) {
  unsigned bits = row->bits, whole = rows[0].bits;
  if (field->type == FIELD_TYPE_DATE && field->options.date_part != DATE_WHOLE) {
    static const uint8_t by_part[] = {
        [DATE_WHOLE] = 14, [DATE_YEAR] = 6, [DATE_MONTH] = 3, [DATE_DAY] = 5};
    bits = whole = by_part[field->options.date_part];
  }
  if (field->type == FIELD_TYPE_PERSON_NAME && field->options.name_part == NAME_MIDDLE)
    bits = bits * 2 / 3;
  /* More variety than expected says nothing of the parts; less says it of all. */
  if (field->agree_bits && (row == rows || field->agree_bits < whole)) {
    unsigned most = whole + whole / 4, agree = field->agree_bits < most ? field->agree_bits : most;
    bits = (bits * agree + whole / 2) / whole;
  }
  return (uint8_t)(bits < 1 ? 1 : bits > ASPECT_BITS_MAX ? ASPECT_BITS_MAX : bits);
}

/* In so many of 1000 pairs both records have the field. */
static unsigned present_of(const struct job_field *field, const struct field_type *type) {
  unsigned filled = field->filled_percent;
  if (filled) return filled * filled / 10;
  if (type->is_identifier) return 550;
  switch (field->type) {
    case FIELD_TYPE_COMPANY:
      return 500;
    case FIELD_TYPE_ADDRESS:
      return field->options.address_part == ADDRESS_WHOLE ? 650 : 850;
    case FIELD_TYPE_DATE:
      return 700;
    default:
      return 930;
  }
}

/* The words of a text come and go one by one, and so do the levels of an address; parts of other
 * fields stand or fall together. */
static bool has_free_parts(const struct job_field *field) {
  return field->type == FIELD_TYPE_TEXT ||
         (field->type == FIELD_TYPE_ADDRESS && field->options.address_part == ADDRESS_WHOLE);
}

/* Two throws per pair and field: whether both records have it, and how badly it is written. The
 * sturdier parts agree wherever the weaker ones do. */
static void imagine_pairs(struct key_aspect *aspect, unsigned present, unsigned sturdy,
                          enum field_script written, enum field_script script, uint64_t stream) {
  uint64_t has = hash_mix(aspect->part.comparison + 1);
  uint64_t agrees = hash_join(has, stream);
  /* Errors come in heaps: some customers' records are far worse than others', in halves. */
  static const unsigned difficulties[4] = {2, 3, 5, 8};
  unsigned count = 0;
  for (unsigned i = 0; i < IMAGINED_PAIRS; i++) {
    /* Where the job does not say it, half of the pairs are written in each script. */
    enum field_script here = written ? written : i % 2 ? SCRIPT_LATIN : SCRIPT_HAN;
    if (script != SCRIPT_ANY && script != here) continue;
    unsigned errors = (1000 - sturdy) * difficulties[i / 2 % 4] / 2;
    if (hash_join(has, i) % 1000 >= present || hash_join(agrees, i) % 1000 < errors) continue;
    aspect->alive[i / 64] |= (uint64_t)1 << (i % 64);
    count++;
  }
  aspect->agrees = (uint16_t)(count * 1000 / IMAGINED_PAIRS);
}

static const struct aspect_row *row_of(const struct aspect_row *rows, const char *part) {
  while (rows->part && strcmp(rows->part, part) != 0) rows++;
  return rows->part ? rows : NULL;
}

unsigned key_aspects_list(const struct plan *plan, struct key_aspect aspects[ASPECTS_MAX]) {
  unsigned count = 0;
  for (uint32_t c = 0; c < plan->comparison_count; c++) {
    const struct job_field *field = &plan->job->fields[plan->comparisons[c].field];
    const struct field_type *type = plan->comparisons[c].type;
    const struct aspect_row *rows = rows_of(field, type);
    /* A column of years has one part: itself. */
    bool one_part = field->type == FIELD_TYPE_DATE && field->options.date_part != DATE_WHOLE;
    for (unsigned p = 0; type->part_names && type->part_names[p] && !(one_part && p); p++) {
      const struct aspect_row *row = row_of(rows, type->part_names[p]);
      if (!row || count == ASPECTS_MAX) continue;
      struct key_aspect *aspect = &aspects[count++];
      *aspect = (struct key_aspect){.part = {(uint8_t)c, (uint8_t)p},
                                    .bits = bits_of(field, rows, row),
                                    .is_identifier = type->is_identifier && p == 0,
                                    .of_identifier = type->is_identifier,
                                    .is_free = has_free_parts(field),
                                    .side = (uint8_t)(row->side ? row->side : p + GIVEN + 1)};
      /* A slip in the given name leaves the surname as it was. */
      uint64_t stream = aspect->is_free ? p + GIVEN + 1u : row->side;
      imagine_pairs(aspect, present_of(field, type), row->sturdy, field->script, row->script,
                    stream);
    }
  }
  return count;
}
