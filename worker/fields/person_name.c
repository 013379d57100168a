#include "worker/fields/person_name.h"

#include "common/text.h"
#include "worker/fields/name_compare.h"
#include "worker/fields/tables.h"

static bool shows_title(enum name_kind kind) {
  return kind == NAME_SURNAME_ONLY || kind == NAME_MASKED || kind == NAME_TITLE_ONLY ||
         kind == NAME_OTHER;
}

/* raw itself where nothing had to be cleaned. */
static struct bytes shown_value(const struct person_name *name, struct bytes raw,
                                struct arena *arena) {
  size_t room = (size_t)name->text_count * TEXT_CHARACTER_BYTES_MAX;
  bool with_title = shows_title(name->kind) && name->title.size;
  if (with_title) room += name->title.size;
  char *out = arena_alloc(arena, room + 1);
  size_t size = 0;
  for (unsigned i = 0; i < name->text_count; i++) size += text_encode(name->text[i], out + size);
  if (with_title) {
    memcpy(out + size, name->title.data, name->title.size);
    size += name->title.size;
  }
  struct bytes value = bytes_of(out, size);
  return bytes_equal(value, raw) ? raw : value;
}

static enum value_state state_of(const struct person_name *name, bool changed) {
  switch (name->kind) {
    case NAME_PLACEHOLDER:
      return VALUE_MISSING;
    case NAME_UNUSABLE:
      return VALUE_INVALID;
    case NAME_SURNAME_ONLY:
    case NAME_MASKED:
    case NAME_TITLE_ONLY:
      return VALUE_ATTRIBUTE;
    default:
      break;
  }
  if (!name->comparable || (name->flags & FIELD_W_LOST_CHAR)) return VALUE_ATTRIBUTE;
  return changed ? VALUE_FIXED : VALUE_OK;
}

static void person_name_standardise(const struct field_options *options, struct bytes raw,
                                    struct arena *arena, struct standard_value *value,
                                    void *feature) {
  struct person_name name;
  person_name_parse(options->name_part, raw, arena, &name);
  *value = (struct standard_value){.kind = (uint8_t)name.kind, .flags = name.flags};
  if (name.kind == NAME_UNUSABLE) {
    value->value = raw;
  } else if (name.kind != NAME_PLACEHOLDER) {
    value->value = shown_value(&name, raw, arena);
  }
  value->state = state_of(&name, value->value.data != raw.data);
  if (feature) name_feature_fill(&name, options->name_part, feature);
}

static uint64_t person_name_key_part(const void *feature, unsigned part) {
  return name_feature_key(feature, (enum name_key_part)part);
}

static unsigned person_name_compare(const void *a, const void *b) { return name_compare(a, b); }

static bool person_name_is_vague(const void *feature) {
  return ((const struct name_feature *)feature)->loose;
}

/* 张*, 欧阳**, J*** S****; of what has no shape of a name nothing is shown. */
static struct bytes person_name_mask(struct bytes value, struct arena *arena) {
  struct person_name name;
  person_name_parse(NAME_WHOLE, value, arena, &name);
  size_t count = text_count(value);
  char *out = arena_alloc(arena, count * TEXT_CHARACTER_BYTES_MAX + 1);
  size_t size = 0;
  bool han = name.kind == NAME_FULL || name.kind == NAME_SURNAME_ONLY || name.kind == NAME_MASKED;
  unsigned open = han && !name.prefix.size ? name.surname_count : 0;
  if (name.kind == NAME_MASKED && text_is_han(name.text[0])) open = 1;
  if (open >= count) open = 0;
  const char *p = value.data, *end = text_end(value);
  bool word_starts = true;
  for (size_t i = 0; p < end; i++) {
    uint32_t c = text_decode(&p, end);
    bool separator = c == ' ' || c == 0xB7;
    bool keep = i < open || separator || (name.kind == NAME_LATIN && word_starts);
    /* One letter alone is a whole word: it would be shown in full. */
    if (keep && !separator && i >= open && (p == end || *p == ' ')) keep = false;
    if (keep) {
      size += text_encode(c, out + size);
    } else {
      out[size++] = '*';
    }
    word_starts = separator;
  }
  return bytes_of(out, size);
}

static const char *const kind_names[] = {[NAME_PLACEHOLDER] = "placeholder",
                                         [NAME_FULL] = "full",
                                         [NAME_SURNAME_ONLY] = "surname_only",
                                         [NAME_DOTTED] = "dotted",
                                         [NAME_MASKED] = "masked",
                                         [NAME_LATIN] = "latin",
                                         [NAME_PART_ONLY] = "part",
                                         [NAME_OTHER] = "nickname_or_other",
                                         [NAME_TITLE_ONLY] = "title",
                                         [NAME_UNUSABLE] = "unusable",
                                         [NAME_KIND_COUNT] = NULL};

static const char *const part_names[] = {
    [NAME_KEY_EXACT] = "exact",       [NAME_KEY_PINYIN] = "pinyin",
    [NAME_KEY_SURNAME] = "surname",   [NAME_KEY_PHONETIC] = "phonetic",
    [NAME_KEY_INITIALS] = "initials", [NAME_KEY_GIVEN] = "given",
    [NAME_KEY_PART_COUNT] = NULL};

const struct field_type person_name_type = {
    .name = "person_name",
    .label = "姓名 person name",
    .feature_size = sizeof(struct name_feature),
    .search = FIELD_SEARCH_TEXT,
    .is_identifier = false,
    .is_personal = true,
    .survivorship = SURVIVE_MOST_COMPLETE,
    .kind_names = kind_names,
    .part_names = part_names,
    .levels =
        {
            [FIELD_LEVEL_DIFFER] = {"different", 0.04, 0.9607},
            [NAME_LEVEL_LITTLE] = {"little in common: same surname or one word", 0.03, 0.03},
            [NAME_LEVEL_FITS] = {"fits as far as it is written", 0.04, 0.005},
            [NAME_LEVEL_PARTS] = {"same, parts missing or initials", 0.03, 0.001},
            [NAME_LEVEL_SIMILAR] = {"similar", 0.05, 0.002},
            [NAME_LEVEL_SOUND] = {"same sound or one slip", 0.05, 0.0006},
            [NAME_LEVEL_WRITTEN] = {"same name, written differently", 0.03, 0.0002},
            [FIELD_LEVEL_EXACT] = {"same", 0.73, 0.0005},
        },
    .standardise = person_name_standardise,
    .key_part = person_name_key_part,
    .compare = person_name_compare,
    .is_vague = person_name_is_vague,
    .mask = person_name_mask,
};
