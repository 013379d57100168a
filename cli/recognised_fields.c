#include <stdio.h>

#include "cli/recogniser.h"
#include "common/check.h"
#include "common/text.h"
#include "worker/fields/person_name_parse.h"

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

void recogniser_make_fields(struct recogniser *r) {
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
