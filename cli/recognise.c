#include "cli/recognise.h"

#include <stdlib.h>

#include "cli/recogniser.h"
#include "common/memory.h"
#include "common/text.h"

/* How a file's columns become fields, in this order:
 *   1. each column alone: column_meaning
 *   2. columns of one file that explain each other: ids, fname beside gname, year, month and day
 *   3. all files: people and firms, or things (titles, products), where texts are what is compared
 *   4. columns of the same meaning, one from each file, become one field */

enum {
  COMPARED_MIN = 3, /* columns of a file; with fewer the others must help */
  THING_TEXTS_MAX = 6,
  THING_CODES_MAX = 4,
  THING_FILLED_MIN = 200,   /* of 1000 */
  THING_DISTINCT_MIN = 200, /* a text that is compared differs from row to row */
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

/* Where no heading says that it is the record's id, the number of the order or of the member is,
 * if it is another one in every row that was looked at. Should one come back further down, both
 * rows are the same order's or the same member's, so they belong together all the same. The order's
 * comes first: a member may order often. */
static struct draft *find_key(struct recogniser *r, uint32_t file) {
  static const char *const names[] = {"关联订单号", "会员卡号"};
  for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
    struct draft *candidate = find_model(r, file, names[i]);
    if (candidate && is_unique(&candidate->profile)) return candidate;
  }
  return NULL;
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
  struct draft *key = find_key(r, file);
  if (key) key->is_key = true;
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

static uint32_t compared_columns(const struct recogniser *r) {
  uint32_t count = 0;
  for (uint32_t d = 0; d < r->draft_count; d++)
    count += r->drafts[d].as == IS_FIELD && r->drafts[d].meaning.use == USE_MATCH &&
             permille(r->drafts[d].profile.filled, r->drafts[d].profile.rows) >= THING_FILLED_MIN;
  return count / (r->file_count ? r->file_count : 1);
}

/* Where names and numbers say little or nothing, everything that tells rows apart is compared: of
 * things every text, code and date, of people only what the model does not know (remarks stay
 * remarks). */
static void compare_what_there_is(struct recogniser *r, bool people) {
  uint32_t texts = 0, codes = 0;
  for (uint32_t d = 0; d < r->draft_count; d++) {
    struct draft *draft = &r->drafts[d];
    struct column_meaning *m = &draft->meaning;
    const struct column_profile *p = &draft->profile;
    if (draft->as != IS_FIELD || m->is_constant ||
        permille(p->filled, p->rows) < THING_FILLED_MIN || (people && m->model))
      continue;
    bool differs = permille(p->distinct, p->filled) >= THING_DISTINCT_MIN;
    if (m->type == FIELD_TYPE_TEXT) {
      if ((!differs && m->use != USE_MATCH) || texts++ >= THING_TEXTS_MAX) continue;
      m->use = USE_MATCH;
      if (m->by == RECOGNISED_BY_NOTHING) m->by = RECOGNISED_BY_CONTENT;
    } else if (m->type == FIELD_TYPE_CATEGORY || m->type == FIELD_TYPE_AMOUNT ||
               m->type == FIELD_TYPE_DATE) {
      if ((differs || !people) && codes++ < THING_CODES_MAX) m->use = USE_MATCH;
    }
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
  bool people = names_anyone(&r);
  if (!people || compared_columns(&r) < COMPARED_MIN) compare_what_there_is(&r, people);
  recogniser_make_fields(&r);
  job->sources = arena_alloc_zeroed(&job->arena, file_count * sizeof *job->sources);
  for (uint32_t f = 0; f < file_count; f++) {
    recogniser_make_source(&r, f);
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
  recogniser_report(&r, recognition);
  enum err code = refuse_unusable(&r, failure);
  free(r.drafts);
  arena_release(&r.scratch);
  if (code) job_release(job);
  return code;
}
