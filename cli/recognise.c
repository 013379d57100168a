#include "cli/recognise.h"

#include <stdio.h>
#include <stdlib.h>

#include "cli/column_meaning.h"
#include "common/check.h"
#include "common/memory.h"
#include "common/text.h"
#include "worker/fields/person_name_parse.h"

/* How a file's columns become fields, in this order:
 *   1. each column alone: column_meaning
 *   2. columns of one file that explain each other: ids, fname beside gname, year, month and day
 *   3. all files: people and firms, or things (titles, products), where texts are what is compared
 *   4. columns of the same meaning, one from each file, become one field */

enum {
  THING_TEXTS_MAX = 6,
  THING_CODES_MAX = 4,
  THING_FILLED_MIN = 200,   /* of 1000 */
  THING_DISTINCT_MIN = 200, /* a text that is compared differs from row to row */
};

enum use_of_column { IS_FIELD, IS_RECORD_ID, IS_SOURCE_NAME, IS_UNUSED };

struct draft {
  uint16_t file, column;
  enum use_of_column as;
  struct bytes heading, normalised;
  struct column_profile profile;
  struct column_meaning meaning;
  uint32_t ordinal; /* among the file's columns of the same model or heading */
  int field;
};

struct recogniser {
  const struct source_file *files;
  uint32_t file_count;
  struct draft *drafts;  /* a file's lie together */
  uint32_t *first_draft; /* by file, and the end of the last */
  uint32_t draft_count;
  struct job *job;
  bool has_han; /* headings are Chinese: fields get the model's names */
  struct arena scratch;
};

/* ---- 1. columns alone ---- */

static bool any_heading_has_han(const struct recogniser *r) {
  for (uint32_t d = 0; d < r->draft_count; d++) {
    if (text_has_han(r->drafts[d].heading)) return true;
  }
  return false;
}

static void draft_columns(struct recogniser *r) {
  uint32_t total = 0;
  for (uint32_t f = 0; f < r->file_count; f++) total += r->files[f].column_count;
  r->drafts = memory_new_zeroed(total + 1, sizeof *r->drafts);
  r->first_draft = arena_alloc(&r->scratch, (r->file_count + 1) * sizeof *r->first_draft);
  for (uint32_t f = 0; f < r->file_count; f++) {
    r->first_draft[f] = r->draft_count;
    for (uint32_t c = 0; c < r->files[f].column_count; c++) {
      struct draft *d = &r->drafts[r->draft_count++];
      d->file = (uint16_t)f;
      d->column = (uint16_t)c;
      d->field = -1;
      d->heading = r->files[f].columns[c];
      d->normalised = field_model_normalise(d->heading, &r->scratch);
      column_profile_make(&r->files[f], c, &r->scratch, &d->profile);
      column_meaning_find(d->heading, &d->profile, &d->meaning);
      if (d->heading.size > JOB_HEADING_BYTES_MAX) d->as = IS_UNUSED;
    }
  }
  r->first_draft[r->file_count] = r->draft_count;
  r->has_han = any_heading_has_han(r);
}

/* ---- 2. columns of one file ---- */

static struct draft *find_heading(struct recogniser *r, uint32_t file, const char *normalised) {
  for (uint32_t d = r->first_draft[file]; d < r->first_draft[file + 1]; d++) {
    if (bytes_equal(r->drafts[d].normalised, bytes_from_string(normalised))) return &r->drafts[d];
  }
  return NULL;
}

static struct draft *find_model(struct recogniser *r, uint32_t file, const char *name) {
  for (uint32_t d = r->first_draft[file]; d < r->first_draft[file + 1]; d++) {
    const struct field_model *model = r->drafts[d].meaning.model;
    if (r->drafts[d].as == IS_FIELD && model && strcmp(model->name, name) == 0)
      return &r->drafts[d];
  }
  return NULL;
}

static bool is_unique(const struct column_profile *p) {
  return p->rows > 0 && p->filled == p->rows && p->distinct == p->rows;
}

/* record_id and source are the contract of record files; other ids must look like one. */
static void find_record_id(struct recogniser *r, uint32_t file) {
  struct draft *id = find_heading(r, file, "recordid");
  if (id) {
    id->as = IS_RECORD_ID;
    struct draft *source = find_heading(r, file, "source");
    if (source) source->as = IS_SOURCE_NAME;
    struct draft *other = find_heading(r, file, "sourcerecordid");
    if (other) other->as = IS_UNUSED;
    return;
  }
  for (uint32_t d = r->first_draft[file]; d < r->first_draft[file + 1]; d++) {
    struct draft *candidate = &r->drafts[d];
    if (!heading_is_record_id(candidate->heading)) continue;
    if (is_unique(&candidate->profile)) {
      candidate->as = IS_RECORD_ID;
      return;
    }
    /* A customer's number that comes back says who it is. */
    if (candidate->meaning.type != FIELD_TYPE_ACCOUNT && !candidate->meaning.is_constant &&
        candidate->profile.distinct * 5 >= candidate->profile.filled &&
        candidate->profile.filled >= 20) {
      candidate->meaning.model = NULL;
      candidate->meaning.type = FIELD_TYPE_ACCOUNT;
      candidate->meaning.use = USE_MATCH;
      candidate->meaning.by = RECOGNISED_BY_CONTENT;
      candidate->meaning.sure_percent = 60;
    }
  }
}

static void settle_names(struct recogniser *r, uint32_t file) {
  struct draft *first = find_heading(r, file, "fname");
  if (first && find_heading(r, file, "gname") && first->meaning.model) {
    first->meaning.model = field_model_find(BYTES("姓"));
    first->meaning.options.name_part = NAME_FAMILY;
  }
}

/* Year, month and day in columns of their own are one date. Alone they say nothing of it. */
static void settle_birth_parts(struct recogniser *r, uint32_t file) {
  struct draft *parts[] = {find_model(r, file, "出生年"), find_model(r, file, "出生月"),
                           find_model(r, file, "出生日")};
  if (!parts[0] || !parts[1] || !parts[2]) return;
  for (unsigned i = 0; i < 3; i++) {
    parts[i]->meaning.model = field_model_find(BYTES("出生日期"));
    parts[i]->meaning.options.date_part = DATE_YEAR + i;
  }
}

static void settle_births(struct recogniser *r, uint32_t file) {
  struct draft *birth = find_model(r, file, "出生日期");
  if (!birth) birth = find_model(r, file, "出生年");
  for (uint32_t d = r->first_draft[file]; d < r->first_draft[file + 1] && !birth; d++) {
    struct draft *candidate = &r->drafts[d];
    if (candidate->as != IS_FIELD || !candidate->meaning.is_birth_date ||
        candidate->meaning.is_constant)
      continue;
    birth = candidate;
    birth->meaning.use = USE_MATCH;
  }
  struct draft *age = find_model(r, file, "年龄");
  if (age && !birth && !age->meaning.is_constant) age->meaning.use = USE_MATCH;
}

static void count_ordinals(struct recogniser *r, uint32_t file) {
  for (uint32_t d = r->first_draft[file]; d < r->first_draft[file + 1]; d++) {
    struct draft *draft = &r->drafts[d];
    if (draft->as != IS_FIELD) continue;
    const struct field_model *model = draft->meaning.model;
    bool is_part = model && draft->meaning.type == FIELD_TYPE_DATE &&
                   draft->meaning.options.date_part != DATE_WHOLE && model->part == 0;
    for (uint32_t k = r->first_draft[file]; k < d && !is_part; k++) {
      const struct draft *other = &r->drafts[k];
      draft->ordinal += other->as == IS_FIELD && other->meaning.model == model &&
                        (model || bytes_equal(other->normalised, draft->normalised));
    }
  }
}

/* ---- 3. people and firms, or things ---- */

static bool names_anyone(const struct recogniser *r) {
  for (uint32_t d = 0; d < r->draft_count; d++) {
    const struct column_meaning *m = &r->drafts[d].meaning;
    if (r->drafts[d].as != IS_FIELD || m->use != USE_MATCH) continue;
    switch (m->type) {
      case FIELD_TYPE_PERSON_NAME:
      case FIELD_TYPE_PHONE:
      case FIELD_TYPE_ID_CARD:
      case FIELD_TYPE_USCC:
      case FIELD_TYPE_EMAIL:
      case FIELD_TYPE_ACCOUNT:
      case FIELD_TYPE_COMPANY:
        return true;
      case FIELD_TYPE_ADDRESS:
        if (m->options.address_part == ADDRESS_WHOLE) return true;
        break;
      default:
        break;
    }
  }
  return false;
}

static void compare_things(struct recogniser *r) {
  uint32_t texts = 0, codes = 0;
  for (uint32_t d = 0; d < r->draft_count; d++) {
    struct draft *draft = &r->drafts[d];
    struct column_meaning *m = &draft->meaning;
    const struct column_profile *p = &draft->profile;
    if (draft->as != IS_FIELD || m->is_constant || permille(p->filled, p->rows) < THING_FILLED_MIN)
      continue;
    bool differs = permille(p->distinct, p->filled) >= THING_DISTINCT_MIN;
    if (m->type == FIELD_TYPE_TEXT) {
      if ((!differs && m->use != USE_MATCH) || texts++ >= THING_TEXTS_MAX) continue;
      m->use = USE_MATCH;
      if (m->by == RECOGNISED_BY_NOTHING) m->by = RECOGNISED_BY_CONTENT;
    } else if (m->type == FIELD_TYPE_CATEGORY || m->type == FIELD_TYPE_AMOUNT ||
               m->type == FIELD_TYPE_DATE) {
      if (codes++ < THING_CODES_MAX) m->use = USE_MATCH;
    }
  }
}

/* ---- 4. fields ---- */

/* Dots, braces and backquotes have a meaning in job files. */
static struct bytes field_name_of(struct recogniser *r, struct bytes heading, uint32_t column) {
  struct bytes cut = text_cut(heading, JOB_NAME_BYTES_MAX - 8);
  char *name = arena_alloc(&r->job->arena, cut.size + 24);
  size_t size = 0;
  for (const char *at = cut.data, *end = at + cut.size; at < end;) {
    const char *start = at;
    uint32_t c = text_decode(&at, end);
    bool plain = c >= ' ' && (c < 0x7F || c >= 0xA0) && !(c < 0x80 && strchr(".{}`", (int)c)) &&
                 c != 0x2028 && c != 0x2029 && c != 0xFEFF && c < 0xFFFE;
    if (!plain && c < 0x10000) {
      name[size++] = '_';
      continue;
    }
    memcpy(name + size, start, (size_t)(at - start));
    size += (size_t)(at - start);
  }
  struct bytes trimmed = bytes_trim(bytes_of(name, size));
  memmove(name, trimmed.data, trimmed.size);
  size = trimmed.size;
  if (size == 0) size = (size_t)snprintf(name, 24, "column_%u", column + 1);
  size_t stem = size;
  name[size] = '\0';
  for (unsigned n = 2; job_field_find(r->job, bytes_of(name, size)) >= 0; n++)
    size = stem + (size_t)snprintf(name + stem, 8, "_%u", n);
  return bytes_of(name, size);
}

static bool same_group(const struct draft *a, const struct draft *b) {
  if (a->meaning.model || b->meaning.model)
    return a->meaning.model == b->meaning.model && a->ordinal == b->ordinal &&
           (a->ordinal == 0 || bytes_equal(a->normalised, b->normalised));
  return bytes_equal(a->normalised, b->normalised) && a->ordinal == b->ordinal;
}

/* Of the columns of one field the fullest says what it is. */
static const struct draft *leader_of(const struct recogniser *r, const struct draft *draft) {
  const struct draft *leader = draft;
  for (uint32_t d = 0; d < r->draft_count; d++) {
    const struct draft *other = &r->drafts[d];
    if (other->as == IS_FIELD && same_group(other, draft) &&
        other->profile.filled > leader->profile.filled)
      leader = other;
  }
  return leader;
}

/* Pairs per billion of the sample's rows that agree in a column. */
static uint64_t agreement(const struct column_profile *p) {
  uint64_t pairs = (uint64_t)p->filled * (p->filled - 1) / 2;
  return p->filled > 1 ? p->agreeing * 1000000000 / pairs : 0;
}

/* Records of one customer agree in everything: what the most varied column of the file agrees in is
 * taken for that, and does not count as chance. */
static uint64_t agreement_of_duplicates(const struct recogniser *r, uint32_t file) {
  uint64_t least = UINT64_MAX;
  for (uint32_t d = r->first_draft[file]; d < r->first_draft[file + 1]; d++) {
    const struct column_profile *p = &r->drafts[d].profile;
    if (r->drafts[d].as != IS_FIELD || permille(p->filled, p->rows) < 600) continue;
    if (agreement(p) < least) least = agreement(p);
  }
  return least == UINT64_MAX ? 0 : least;
}

/* Of 1000 filled cells, those that can find a record: not nicknames, surnames alone, masked
 * numbers. */
static unsigned usable(const struct draft *draft) {
  enum { NAMES = 1u << NAME_FULL | 1u << NAME_DOTTED | 1u << NAME_LATIN | 1u << NAME_PART_ONLY };
  const struct column_meaning *m = &draft->meaning;
  const struct field_type *type = field_type_find(bytes_from_string(job_type_name(m->type)));
  check(type);
  if (draft->profile.looked == 0 || type->feature_size == 0) return 1000;
  if (m->type == FIELD_TYPE_DATE && m->options.date_part != DATE_WHOLE) return 1000;
  if (m->type == FIELD_TYPE_PERSON_NAME)
    return column_profile_kinds(&draft->profile, type, &m->options, NAMES);
  return column_profile_comparable(&draft->profile, type, &m->options);
}

static void note_sample(const struct recogniser *r, const struct draft *leader,
                        struct job_field *field) {
  enum { ROWS_MIN = 50, BITS_MAX = 20 };
  uint64_t filled = 0, rows = 0;
  for (uint32_t f = 0; f < r->file_count; f++) rows += r->files[f].sample.row_count;
  for (uint32_t d = 0; d < r->draft_count; d++) {
    const struct draft *draft = &r->drafts[d];
    if (draft->as == IS_FIELD && same_group(draft, leader)) filled += draft->profile.filled;
  }
  const struct column_profile *p = &leader->profile;
  unsigned percent = (unsigned)(permille(filled, rows) * usable(leader) / 10000);
  if (p->rows < ROWS_MIN) return;
  field->filled_percent = (uint8_t)(percent < 1 ? 1 : percent > 100 ? 100 : percent);
  if (p->filled < ROWS_MIN || leader->meaning.options.date_part != DATE_WHOLE) return;
  bool has_scripts =
      leader->meaning.type == FIELD_TYPE_PERSON_NAME || leader->meaning.type == FIELD_TYPE_ADDRESS;
  unsigned han = permille(p->with_han, p->looked);
  if (has_scripts && (han <= 5 || han >= 995)) field->script = han <= 5 ? SCRIPT_LATIN : SCRIPT_HAN;
  uint64_t ours = agreement(p), duplicates = agreement_of_duplicates(r, leader->file);
  uint64_t chance = ours > duplicates ? ours - duplicates : 0;
  field->agree_bits = BITS_MAX;
  while (field->agree_bits > 1 && chance > (1000000000ULL >> field->agree_bits))
    field->agree_bits--;
}

static void make_field(struct recogniser *r, struct draft *draft) {
  struct job *job = r->job;
  const struct draft *leader = leader_of(r, draft);
  const struct column_meaning *m = &leader->meaning;
  bool composed = m->model && m->type == FIELD_TYPE_DATE && m->model->part == 0 &&
                  m->options.date_part != DATE_WHOLE;
  struct bytes wanted = draft->heading;
  if (m->model && draft->ordinal == 0 && r->has_han)
    wanted = bytes_from_string(m->model->name);
  else if (composed)
    wanted = BYTES("birth_date");
  struct bytes name = field_name_of(r, wanted, draft->column);
  struct job_field *field = &job->fields[job->field_count];
  field->options.timezone_minutes = job->timezone_minutes;
  field_model_apply(m->model, name, m->type, field);
  field->use = m->use;
  for (uint32_t d = 0; d < r->draft_count; d++) {
    if (r->drafts[d].as != IS_FIELD || !same_group(&r->drafts[d], draft)) continue;
    r->drafts[d].field = (int)job->field_count;
    if (r->drafts[d].meaning.use == USE_MATCH) field->use = USE_MATCH;
  }
  if (field->role != ROLE_NONE && job_field_with_role(job, field->role) >= 0)
    field->role = ROLE_NONE;
  if (field->use == USE_MATCH) note_sample(r, leader, field);
  if (m->type == FIELD_TYPE_CATEGORY) field->options.code_table = m->options.code_table;
  if (m->type == FIELD_TYPE_PERSON_NAME) field->options.name_part = m->options.name_part;
  job->field_count++;
}

/* The most useful first when there are more columns than fields: compared before carried, then the
 * fullest. */
static struct draft *next_draft(struct recogniser *r) {
  struct draft *best = NULL;
  for (uint32_t d = 0; d < r->draft_count; d++) {
    struct draft *draft = &r->drafts[d];
    if (draft->as != IS_FIELD || draft->field >= 0) continue;
    if (!best || draft->meaning.use < best->meaning.use ||
        (draft->meaning.use == best->meaning.use && draft->profile.filled > best->profile.filled))
      best = draft;
  }
  return best;
}

static uint32_t group_count(const struct recogniser *r) {
  uint32_t count = 0;
  for (uint32_t d = 0; d < r->draft_count; d++) {
    bool seen = r->drafts[d].as != IS_FIELD;
    for (uint32_t k = 0; k < d && !seen; k++)
      seen = r->drafts[k].as == IS_FIELD && same_group(&r->drafts[k], &r->drafts[d]);
    count += !seen;
  }
  return count;
}

static void make_fields(struct recogniser *r) {
  struct job *job = r->job;
  job->fields = arena_alloc_zeroed(&job->arena, JOB_FIELDS_MAX * sizeof *job->fields);
  bool fits = group_count(r) <= JOB_FIELDS_MAX;
  for (uint32_t d = 0; d < r->draft_count && fits; d++) {
    if (r->drafts[d].as == IS_FIELD && r->drafts[d].field < 0) make_field(r, &r->drafts[d]);
  }
  while (!fits && job->field_count < JOB_FIELDS_MAX) {
    struct draft *draft = next_draft(r);
    if (!draft) break;
    make_field(r, draft);
  }
  for (uint32_t d = 0; d < r->draft_count; d++) {
    if (r->drafts[d].as == IS_FIELD && r->drafts[d].field < 0) r->drafts[d].as = IS_UNUSED;
  }
}

/* ---- the job ---- */

/* The file's name without folder and the endings that say how it is written. */
static struct bytes source_id_of(struct recogniser *r, uint32_t file) {
  static const char *const endings[] = {".gz",  ".zst",   ".csv",    ".tsv",
                                        ".txt", ".jsonl", ".ndjson", ".json"};
  struct bytes name = bytes_from_string(r->files[file].path);
  for (size_t i = name.size; i-- > 0;) {
    if (name.data[i] != '/') continue;
    name = bytes_of(name.data + i + 1, name.size - i - 1);
    break;
  }
  for (bool cut = true; cut;) {
    cut = false;
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
      struct bytes ending = bytes_from_string(endings[i]);
      if (name.size <= ending.size || !bytes_ends_with(name, ending)) continue;
      name.size -= ending.size;
      cut = true;
    }
  }
  name = text_cut(name, JOB_NAME_BYTES_MAX - 12);
  char *id = arena_alloc(&r->job->arena, name.size + 16);
  size_t size = 0;
  for (const char *at = name.data, *end = at + name.size; at < end;) {
    const char *start = at;
    uint32_t c = text_decode(&at, end);
    if (c < ' ' || (c >= 0x7F && c < 0xA0) || c == TEXT_REPLACEMENT) {
      id[size++] = '_';
    } else {
      memcpy(id + size, start, (size_t)(at - start));
      size += (size_t)(at - start);
    }
  }
  id[size] = '\0';
  size_t stem = size;
  for (unsigned n = 2, k = 0; k < file;) {
    if (!bytes_equal(r->job->sources[k].id, bytes_of(id, size))) {
      k++;
      continue;
    }
    size = stem + (size_t)snprintf(id + stem, 12, "_%u", n++);
    k = 0;
  }
  return bytes_of(id, size);
}

static const char *by_words(enum recognised_by by) {
  switch (by) {
    case RECOGNISED_BY_HEADING_AND_CONTENT:
      return "heading and content";
    case RECOGNISED_BY_HEADING:
      return "heading";
    case RECOGNISED_BY_CONTENT:
      return "content";
    default:
      return "nothing, kept as text";
  }
}

static struct job_column column_of(struct recogniser *r, const struct draft *draft) {
  struct job *job = r->job;
  const struct column_meaning *m = &draft->meaning;
  const struct job_field *field = &job->fields[draft->field];
  struct job_column column = {.name = arena_copy(&job->arena, draft->heading),
                              .field = (uint16_t)draft->field,
                              .options = field->options};
  if (field->type == FIELD_TYPE_DATE && m->type == FIELD_TYPE_DATE) {
    column.options.date_part = m->options.date_part;
    column.options.date_order = m->options.date_order;
  }
  const char *note =
      arena_printf(&job->arena, "sure %u %% by %s, filled %u %%%s%s", m->sure_percent,
                   by_words(m->by), permille(draft->profile.filled, draft->profile.rows) / 10,
                   m->is_constant ? ", one value nearly everywhere" : "",
                   m->order_is_open ? ", say order: dmy or mdy: the dates do not tell" : "");
  column.note = bytes_from_string(note);
  return column;
}

static void make_source(struct recogniser *r, uint32_t file) {
  struct job *job = r->job;
  struct job_source *source = &job->sources[file];
  const struct source_file *from = &r->files[file];
  *source = (struct job_source){.trust = 50, .batch_rows = 5000};
  source->id = source_id_of(r, file);
  char *absolute = realpath(from->path, NULL);
  struct bytes *path = arena_alloc(&job->arena, sizeof *path);
  *path = bytes_from_string(arena_copy_string(&job->arena, absolute ? absolute : from->path));
  free(absolute);
  source->paths = path;
  source->path_count = 1;
  source->format = from->format == SOURCE_FORMAT_JSONL ? JOB_FORMAT_JSONL : JOB_FORMAT_CSV;
  source->encoding =
      from->encoding == SOURCE_ENCODING_GB18030 ? JOB_ENCODING_GB18030 : JOB_ENCODING_UTF8;
  if (source->format == JOB_FORMAT_CSV) {
    source->delimiter = from->delimiter;
    source->header = from->has_header ? 1 : -1;
  }
  struct job_column *columns =
      arena_alloc_zeroed(&job->arena, from->column_count * sizeof *columns);
  for (uint32_t d = r->first_draft[file]; d < r->first_draft[file + 1]; d++) {
    const struct draft *draft = &r->drafts[d];
    if (draft->as == IS_FIELD && source->column_count < JOB_COLUMNS_MAX)
      columns[source->column_count++] = column_of(r, draft);
    struct bytes heading = BYTES_EMPTY;
    if (draft->as == IS_RECORD_ID || draft->as == IS_SOURCE_NAME)
      heading = arena_copy(&job->arena, draft->heading);
    if (draft->as == IS_SOURCE_NAME) source->source_column = heading;
    if (draft->as == IS_RECORD_ID) {
      struct bytes *key = arena_alloc(&job->arena, sizeof *key);
      *key = heading;
      source->key = key;
      source->key_count = 1;
    }
  }
  source->columns = columns;
}

static const char *meaning_of(struct recogniser *r, const struct draft *draft) {
  switch (draft->as) {
    case IS_RECORD_ID:
      return "the record's own id";
    case IS_SOURCE_NAME:
      return "the record's source";
    case IS_UNUSED:
      return "not used";
    default:
      break;
  }
  const struct job_field *field = &r->job->fields[draft->field];
  const struct field_type *type = field_type_find(bytes_from_string(job_type_name(field->type)));
  check(type);
  return type->label;
}

static void report_columns(struct recogniser *r, struct recognition *out) {
  *out = (struct recognition){.files = r->files, .column_count = r->draft_count};
  out->columns = arena_alloc_zeroed(&r->job->arena, r->draft_count * sizeof *out->columns);
  for (uint32_t d = 0; d < r->draft_count; d++) {
    const struct draft *draft = &r->drafts[d];
    struct recognised_column *column = &out->columns[d];
    *column = (struct recognised_column){
        .file = draft->file,
        .column = draft->column,
        .field = (int16_t)(draft->as == IS_FIELD ? draft->field : -1),
        .by = draft->as == IS_FIELD ? draft->meaning.by : RECOGNISED_BY_HEADING,
        .sure_percent = (uint8_t)(draft->as == IS_FIELD ? draft->meaning.sure_percent : 100),
        .filled_percent = (uint8_t)(permille(draft->profile.filled, draft->profile.rows) / 10),
        .meaning = meaning_of(r, draft)};
  }
}

static bool is_company_job(const struct job *job) {
  bool company = false;
  for (uint32_t f = 0; f < job->field_count; f++) {
    if (job->fields[f].use != USE_MATCH) continue;
    enum field_type_id type = job->fields[f].type;
    if (type == FIELD_TYPE_PERSON_NAME || type == FIELD_TYPE_ID_CARD) return false;
    company |= type == FIELD_TYPE_COMPANY || type == FIELD_TYPE_USCC;
  }
  return company;
}

static enum err refuse_unusable(struct recogniser *r, struct failure *failure) {
  for (uint32_t s = 0; s < r->file_count; s++) {
    if (r->job->sources[s].column_count == 0)
      return failure_set(
          failure, ERR_INPUT,
          "%s: no column can be used: besides the records' ids there is none. Expected "
          "columns like name, phone, address.",
          r->files[s].path);
  }
  return ERR_OK;
}

enum err recognise_files(const struct source_file *files, uint32_t file_count, struct job *job,
                         struct recognition *recognition, struct failure *failure) {
  job_init(job);
  if (file_count == 0 || file_count > JOB_SOURCES_MAX)
    return failure_set(failure, ERR_INPUT, "%u files were given, expected 1 to %d", file_count,
                       JOB_SOURCES_MAX);
  struct recogniser r = {.files = files, .file_count = file_count, .job = job};
  draft_columns(&r);
  for (uint32_t f = 0; f < file_count; f++) {
    find_record_id(&r, f);
    settle_names(&r, f);
    settle_birth_parts(&r, f);
    settle_births(&r, f);
    count_ordinals(&r, f);
  }
  if (!names_anyone(&r)) compare_things(&r);
  make_fields(&r);
  job->sources = arena_alloc_zeroed(&job->arena, file_count * sizeof *job->sources);
  for (uint32_t f = 0; f < file_count; f++) {
    make_source(&r, f);
    job->source_count = f + 1;
  }
  job->folder = arena_copy(&job->arena, BYTES("."));
  job->path = arena_copy(&job->arena, BYTES("recognised columns"));
  job->entity_is_company = is_company_job(job);
  for (uint32_t f = 0; f < file_count; f++) job->expected_records += files[f].row_count;
  job->note = BYTES(
      "Made by guiyi from the headings and the contents of the files below. To change it, edit "
      "this\n"
      "file and run it: guiyi run FILE.yaml\n"
      "use: match is compared, use: attribute is carried along; docs/configuration.md has all "
      "keys.");
  report_columns(&r, recognition);
  enum err code = refuse_unusable(&r, failure);
  free(r.drafts);
  arena_release(&r.scratch);
  if (code) job_release(job);
  return code;
}
