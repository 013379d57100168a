#include "cli/customer_row.h"

#include <string.h>

#include "cli/customer_text.h"
#include "common/calendar.h"
#include "common/check.h"
#include "common/csv_write.h"
#include "common/number_write.h"

enum { PURPOSE_ROW = 20 };
enum { LAST_DAY = 20634 }; /* 2026-06-30: nothing is later */

const char customer_row_heading[] =
    "record_id,source,source_record_id,name,gender,phone,id_card,email,wechat_openid,"
    "wechat_unionid,address,company,birth_date,registered_at,updated_at\n";

enum source { WEB, APP, WECHAT, POS, ECOMMERCE, CALLCENTRE, ERP, SOURCE_COUNT };
enum field {
  NAME,
  GENDER,
  PHONE,
  ID_CARD,
  EMAIL,
  OPENID,
  UNIONID, /* only beside an openid */
  ADDRESS,
  COMPANY,
  BIRTH,
  FIELD_COUNT
};

static const struct {
  const char *name, *id_prefix;
  uint16_t share;               /* of 1000 rows */
  uint16_t filled[FIELD_COUNT]; /* in so many of 1000 */
} sources[SOURCE_COUNT] = {
    [WEB] = {"web", "W", 180, {950, 700, 950, 60, 750, 0, 0, 550, 200, 450}},
    [APP] = {"app", "A", 220, {850, 750, 990, 100, 350, 250, 500, 450, 30, 500}},
    [WECHAT] = {"wechat", "X", 180, {750, 800, 600, 0, 50, 1000, 600, 300, 20, 200}},
    [POS] = {"pos", "P", 140, {850, 600, 950, 40, 80, 80, 0, 350, 30, 400}},
    [ECOMMERCE] = {"ecommerce", "E", 150, {950, 100, 970, 0, 150, 0, 0, 980, 20, 20}},
    [CALLCENTRE] = {"callcentre", "C", 60, {850, 550, 950, 80, 150, 0, 0, 300, 150, 120}},
    [ERP] = {"erp", "K", 70, {980, 600, 850, 450, 400, 0, 0, 750, 850, 350}},
};

/* How a row departs from what the channel usually writes. */
struct row {
  const struct customer_world *world;
  const struct customer_place *place;
  struct customer_person person;
  struct draws d;
  enum source source;
  bool has[FIELD_COUNT];
  enum customer_name_style name_style;
  enum customer_phone_style phone_style;
  enum customer_id_style id_style;
  enum customer_address_style address_style;
  enum customer_company_style company_style;
  uint32_t phone, openid, unionid; /* which of the person's */
  bool placeholder_email, old_home, old_firm;
  int32_t registered, updated; /* days */
};

static void pick_source(struct row *r) {
  uint32_t x = draw_below(&r->d, 1000);
  enum source s = WEB;
  while (x >= sources[s].share) x -= sources[s++].share;
  r->source = s;
}

static enum source pick_of(struct row *r, const enum source *list, uint32_t count) {
  return list[draw_below(&r->d, count)];
}
#define PICK_OF(r, ...)                          \
  pick_of(r, (const enum source[]){__VA_ARGS__}, \
          sizeof((const enum source[]){__VA_ARGS__}) / sizeof(enum source))

/* Some cases belong to some channels. */
static void pick_source_of_case(struct row *r) {
  uint32_t number = r->place->number;
  pick_source(r);
  switch (r->place->case_class) {
    case CASE_same_phone_two_channels:
      r->source = number == 0 ? WEB : number == 1 ? APP : r->source;
      return;
    case CASE_shop_phone:
      r->source = number == 0 ? POS : PICK_OF(r, WEB, APP, WECHAT);
      return;
    case CASE_virtual_host:
      r->source = number == 0 ? ECOMMERCE : PICK_OF(r, WEB, APP, POS);
      return;
    case CASE_masked:
      r->source = number == 0 ? PICK_OF(r, WEB, APP) : ECOMMERCE;
      return;
    case CASE_id_15_18:
    case CASE_id_typo:
      r->source = PICK_OF(r, ERP, WEB, POS, CALLCENTRE);
      return;
    case CASE_title:
      r->source = number == 0 ? PICK_OF(r, WEB, ERP) : PICK_OF(r, POS, CALLCENTRE, WEB);
      return;
    case CASE_nickname:
      r->source = number == 0 ? PICK_OF(r, WEB, APP, POS) : PICK_OF(r, WECHAT, APP, ECOMMERCE);
      return;
    case CASE_two_appids:
    case CASE_unionid_moved:
      r->source = WECHAT;
      return;
    case CASE_company_variants:
    case CASE_switchboard:
      r->source = PICK_OF(r, ERP, ERP, CALLCENTRE, WEB);
      return;
    default:
      return;
  }
}

static void fill_as_usual(struct row *r) {
  for (uint32_t f = 0; f < FIELD_COUNT; f++)
    r->has[f] = draw_permille(&r->d, sources[r->source].filled[f]) &&
                !draw_permille(&r->d, r->world->words->habits->empty);
  r->has[UNIONID] &= r->has[OPENID];
  /* Nobody can tie a row to others that holds nothing of its own; few such rows stay. */
  if (!r->has[PHONE] && !r->has[ID_CARD] && !r->has[EMAIL] && draw_permille(&r->d, 850))
    r->has[PHONE] = true;
  r->phone = r->place->number >= r->person.phone_changes_at;
  r->old_home = r->old_firm = r->place->number == 0 && r->place->record_count > 1;
}

/* Which of the shares of 1000 a throw falls into; count = none of them. */
static uint32_t pick_share(struct draws *d, const uint16_t *shares, uint32_t count) {
  uint32_t x = draw_below(d, 1000), i = 0;
  while (i < count && x >= shares[i]) x -= shares[i++];
  return i;
}

static void style_as_usual(struct row *r) {
  static const enum customer_name_style names[] = {NAME_HOMOPHONE, NAME_TRADITIONAL, NAME_SPACED,
                                                   NAME_PINYIN,    NAME_SIR,         NAME_NICK,
                                                   NAME_MASKED,    NAME_PLAIN};
  static const enum customer_phone_style phones[] = {PHONE_COUNTRY,    PHONE_SPACED, PHONE_DASHED,
                                                     PHONE_FULL_WIDTH, PHONE_MASKED, PHONE_LANDLINE,
                                                     PHONE_PLAIN};
  const struct customer_habits *h = r->world->words->habits;
  struct draws *d = &r->d;
  const uint16_t name_shares[] = {h->homophone,
                                  h->traditional,
                                  h->spaced,
                                  h->pinyin,
                                  r->source == CALLCENTRE ? h->sir : 0,
                                  r->source == WECHAT ? h->nickname : 0,
                                  r->source == ECOMMERCE ? h->masked_name : 0};
  r->name_style = names[pick_share(d, name_shares, sizeof name_shares / sizeof *name_shares)];
  const uint16_t phone_shares[] = {h->country,
                                   h->phone_spaced,
                                   h->dashed,
                                   h->full_width,
                                   r->source == ECOMMERCE ? h->masked_phone : 0,
                                   r->source == ERP && r->person.has_firm ? h->landline : 0};
  r->phone_style = phones[pick_share(d, phone_shares, sizeof phone_shares / sizeof *phone_shares)];
  r->id_style = draw_permille(d, h->id_lower)  ? ID_LOWER_X
                : draw_permille(d, h->id_typo) ? ID_TYPO
                                               : ID_PLAIN;
  r->address_style =
      (enum customer_address_style)pick_share(d, h->address, ADDRESS_STYLE_COUNT - 1);
  r->company_style =
      (enum customer_company_style)pick_share(d, h->company, COMPANY_STYLE_COUNT - 1);
}

static bool strike(struct row *r, uint32_t permille) { return draw_permille(&r->d, permille); }

/* A name that is written otherwise, held together by the phone or by birthday and address. */
static void apply_name_case(struct row *r, enum customer_name_style style) {
  r->has[NAME] = true;
  if (r->place->number > 0) r->name_style = style;
  bool by_phone = strike(r, 750);
  if (by_phone) r->has[PHONE] = true;
  if (!by_phone) r->has[BIRTH] = r->has[ADDRESS] = true;
}

static void apply_hub(struct row *r, enum customer_phone_style style) {
  r->has[NAME] = r->has[PHONE] = true;
  r->name_style = NAME_PLAIN;
  if (r->place->number == 0) {
    r->phone = 2;
    r->phone_style = style;
  } else if (r->phone_style == PHONE_MASKED) {
    r->phone_style = PHONE_PLAIN;
  }
}

static void apply_group_case(struct row *r) {
  switch (r->place->case_class) {
    case CASE_recycled_30d:
    case CASE_recycled_91d:
    case CASE_recycled_400d:
      r->has[PHONE] = r->has[NAME] = true;
      r->name_style = NAME_PLAIN;
      if (r->phone_style == PHONE_MASKED || r->phone_style == PHONE_LANDLINE)
        r->phone_style = PHONE_PLAIN;
      return;
    case CASE_household:
      r->has[PHONE] = r->has[NAME] = r->has[ADDRESS] = true;
      r->has[EMAIL] &= strike(r, 300);
      r->old_home = false;
      /* Of a family only the full name says which one it is. */
      if (r->name_style > NAME_PINYIN) r->name_style = NAME_PLAIN;
      if (r->phone_style == PHONE_MASKED || r->phone_style == PHONE_LANDLINE)
        r->phone_style = PHONE_PLAIN;
      return;
    case CASE_shop_phone:
      apply_hub(r, PHONE_PLAIN);
      r->has[BIRTH] = true;
      r->has[ADDRESS] = strike(r, 700);
      return;
    case CASE_virtual_host:
      apply_hub(r, PHONE_VIRTUAL);
      r->has[ADDRESS] = true;
      r->old_home = false;
      return;
    case CASE_namesakes:
      r->has[NAME] = r->has[PHONE] = true;
      r->name_style = NAME_PLAIN;
      r->has[ADDRESS] |= strike(r, 400);
      return;
    case CASE_switchboard:
      r->has[NAME] = r->has[PHONE] = r->has[COMPANY] = true;
      r->phone_style = PHONE_LANDLINE;
      r->name_style = NAME_PLAIN;
      r->has[BIRTH] |= strike(r, 700);
      r->has[EMAIL] |= strike(r, 500);
      return;
    default:
      return;
  }
}

static void apply_identifier_case(struct row *r) {
  uint32_t number = r->place->number;
  switch (r->place->case_class) {
    case CASE_same_phone_two_channels:
      r->has[PHONE] = true;
      r->phone_style = PHONE_PLAIN;
      r->has[NAME] = number == 0 || strike(r, 600);
      if (number == 0 && strike(r, 500)) r->name_style = NAME_SIR;
      return;
    case CASE_changed_phone:
      r->has[EMAIL] = r->has[NAME] = r->has[PHONE] = true;
      r->has[ID_CARD] |= strike(r, 300);
      return;
    case CASE_masked:
      r->has[NAME] = r->has[PHONE] = r->has[ADDRESS] = true;
      r->old_home = false;
      r->name_style = number == 0 ? NAME_PLAIN : NAME_MASKED;
      r->phone_style = number == 0 ? PHONE_PLAIN : PHONE_MASKED;
      if (r->address_style == ADDRESS_TO_NUMBER) r->address_style = ADDRESS_FULL;
      return;
    case CASE_id_15_18:
      r->has[ID_CARD] = r->has[NAME] = true;
      r->has[PHONE] = strike(r, 500);
      r->id_style = number % 2 ? ID_OLD : ID_PLAIN;
      return;
    case CASE_id_typo:
      r->has[ID_CARD] = r->has[NAME] = r->has[BIRTH] = true;
      r->has[PHONE] = strike(r, 600);
      r->id_style = number == 1 ? ID_TYPO : ID_PLAIN;
      return;
    case CASE_two_appids:
      r->has[OPENID] = r->has[UNIONID] = true;
      r->has[PHONE] = strike(r, 400);
      r->openid = number % CUSTOMER_OPENIDS;
      return;
    case CASE_unionid_moved:
      r->has[OPENID] = r->has[UNIONID] = true;
      r->has[PHONE] = strike(r, 400);
      r->unionid = number >= (r->place->record_count + 1) / 2;
      return;
    case CASE_excel_damage:
      r->has[NAME] = r->has[PHONE] = r->has[EMAIL] = true;
      r->has[ID_CARD] |= strike(r, 500);
      if (number > 0) r->phone_style = PHONE_SCIENTIFIC;
      if (number > 0) r->id_style = ID_EXCEL;
      return;
    case CASE_placeholder:
      r->has[NAME] = r->has[PHONE] = r->has[EMAIL] = true;
      if (number > 0) {
        uint32_t which = draw_below(&r->d, 3);
        r->name_style = which == 0 ? NAME_PLACEHOLDER : r->name_style;
        r->phone_style = which == 1 ? PHONE_DUMMY : PHONE_PLAIN;
        r->placeholder_email = which == 2;
      }
      return;
    default:
      return;
  }
}

static void apply_text_case(struct row *r) {
  static const enum customer_name_style titles[] = {NAME_SIR, NAME_BOSS, NAME_MANAGER, NAME_OLD};
  struct draws *d = &r->d;
  uint32_t number = r->place->number;
  switch (r->place->case_class) {
    case CASE_homophone:
      apply_name_case(r, NAME_HOMOPHONE);
      return;
    case CASE_traditional:
      apply_name_case(r, NAME_TRADITIONAL);
      return;
    case CASE_dotted_name:
      apply_name_case(r, NAME_PLAIN);
      return; /* each row picks its dot */
    case CASE_title:
      apply_name_case(r, titles[draw_below(d, sizeof titles / sizeof titles[0])]);
      r->has[PHONE] = true;
      return;
    case CASE_nickname:
      r->has[NAME] = r->has[PHONE] = true;
      r->name_style = number == 0 ? NAME_PLAIN : NAME_NICK;
      return;
    case CASE_company_variants:
      r->has[NAME] = r->has[COMPANY] = true;
      r->has[PHONE] = strike(r, 700);
      r->has[EMAIL] |= !r->has[PHONE] || strike(r, 300);
      r->company_style = (enum customer_company_style)draw_below(d, COMPANY_STYLE_COUNT);
      return;
    case CASE_address_variants:
      r->has[NAME] = r->has[ADDRESS] = true;
      r->has[PHONE] = strike(r, 500);
      r->has[BIRTH] |= strike(r, 500);
      r->old_home = false;
      r->address_style = (enum customer_address_style)draw_below(d, ADDRESS_STYLE_COUNT);
      return;
    case CASE_out_of_order:
      r->has[PHONE] = r->has[ADDRESS] = r->has[NAME] = true;
      r->old_home = number % 2 == 0;
      return;
    default:
      return;
  }
}

static int32_t not_after_last_day(int32_t day) { return day < LAST_DAY ? day : LAST_DAY; }

static void pick_days(struct row *r) {
  const struct customer_person *p = &r->person;
  enum customer_case c = r->place->case_class;
  bool recycled = c == CASE_recycled_30d || c == CASE_recycled_91d || c == CASE_recycled_400d;
  r->registered = not_after_last_day(p->first_day + (int32_t)(r->place->number * p->step_days));
  /* The gap between two owners of a number is exact: nothing is updated inside it. */
  int32_t later = recycled ? 0 : (int32_t)draw_below(&r->d, 300);
  r->updated = not_after_last_day(r->registered + later);
  if (c == CASE_out_of_order && r->old_home) /* an old address that arrives late */
    r->registered = r->updated = not_after_last_day(p->first_day + (int32_t)draw_below(&r->d, 30));
}

/* ---- Writing ----------------------------------------------------------------------------------
 */

char *customer_row_put_id(const struct customer_world *world, uint64_t row, char *at) {
  unsigned digits = 7;
  for (uint64_t most = 10000000; most < world->plan.record_count; most *= 10) digits++;
  *at++ = 'r';
  return number_put_padded(at, row, digits);
}

static char *put_gender(struct row *r, char *at) {
  static const char *const ways[SOURCE_COUNT][2] = {
      [WEB] = {"女", "男"},     [APP] = {"F", "M"},         [WECHAT] = {"2", "1"},
      [POS] = {"女", "男"},     [ECOMMERCE] = {"女", "男"}, [CALLCENTRE] = {"女士", "先生"},
      [ERP] = {"女性", "男性"},
  };
  bool slip = draw_permille(&r->d, r->world->words->habits->gender_slips);
  return customer_put(at, ways[r->source][r->person.is_male != slip]);
}

static char *put_birth(struct row *r, char *at) {
  int32_t day = r->person.birth_day;
  if (draw_permille(&r->d, r->world->words->habits->birth_slips)) day += 1;
  static const enum customer_date_style styles[SOURCE_COUNT] = {
      [APP] = DATE_SLASHES, [POS] = DATE_DIGITS, [CALLCENTRE] = DATE_HAN};
  return customer_put_date(at, day, styles[r->source]);
}

static char *put_time(struct row *r, int32_t day, char *at) {
  at = customer_put_date(at, day, DATE_DASHES);
  uint32_t second = draw_below(&r->d, 86400);
  *at++ = ' ';
  at = number_put_padded(at, second / 3600, 2);
  *at++ = ':';
  at = number_put_padded(at, second / 60 % 60, 2);
  *at++ = ':';
  return number_put_padded(at, second % 60, 2);
}

/* The fields' texts in the order of the heading, from name to birth date. */
static char *put_field(struct row *r, enum field f, char *at) {
  struct customer_person *p = &r->person;
  switch (f) {
    case NAME:
      return customer_put_name(at, p, r->name_style, &r->d);
    case GENDER:
      return put_gender(r, at);
    case PHONE:
      return customer_put_phone(at, p, p->phones[r->phone], r->phone_style, &r->d);
    case ID_CARD:
      return customer_put_id_card(at, p, r->id_style, &r->d);
    case EMAIL:
      return customer_put_email(at, p, r->placeholder_email, &r->d);
    case OPENID:
      memcpy(at, p->openids[r->openid], OPENID_SIZE);
      return at + OPENID_SIZE;
    case UNIONID:
      memcpy(at, p->unionids[r->unionid], OPENID_SIZE);
      return at + OPENID_SIZE;
    case ADDRESS:
      return customer_put_address(at, r->old_home ? &p->old_home : &p->home, r->address_style,
                                  &r->d);
    case COMPANY:
      return p->has_firm
                 ? customer_put_company(at, r->old_firm ? &p->old_firm : &p->firm, r->company_style)
                 : at;
    case BIRTH:
      return put_birth(r, at);
    case FIELD_COUNT:
      break;
  }
  return at;
}

/* What the record says, but for the slips of the pen. */
static void make_row(const struct customer_world *world, const struct customer_place *place,
                     struct row *r) {
  *r = (struct row){.world = world, .place = place};
  r->d = draws_for(world->plan.seed, PURPOSE_ROW, place->entity_start + place->number);
  customer_person_make(world, place, &r->person);
  pick_source_of_case(r);
  fill_as_usual(r);
  style_as_usual(r);
  apply_group_case(r);
  apply_identifier_case(r);
  apply_text_case(r);
  pick_days(r);
}

char *customer_row_put(const struct customer_world *world, uint64_t row,
                       const struct customer_place *place, char *at) {
  struct row r;
  make_row(world, place, &r);

  at = customer_row_put_id(world, row, at);
  *at++ = ',';
  at = customer_put(at, sources[r.source].name);
  *at++ = ',';
  at = customer_put(at, sources[r.source].id_prefix);
  at = number_put_padded(at, 1000000 + row * 3 + r.source, 10);
  for (enum field f = NAME; f < FIELD_COUNT; f++) {
    char text[CUSTOMER_TEXT_BYTES_MAX];
    *at++ = ',';
    if (!r.has[f]) continue;
    char *end = put_field(&r, f, text);
    at = csv_put_field(at, bytes_of(text, (size_t)(end - text)));
  }
  *at++ = ',';
  at = put_time(&r, r.registered, at);
  *at++ = ',';
  at = put_time(&r, r.updated, at);
  *at++ = '\n';
  return at;
}

static bool is_same_home(const struct customer_home *a, const struct customer_home *b) {
  return a->city == b->city && a->district == b->district && a->road == b->road &&
         a->road_ending == b->road_ending && a->community == b->community &&
         a->community_ending == b->community_ending && a->number == b->number &&
         a->building == b->building && a->unit == b->unit && a->room == b->room;
}

/* ---- What a record holds that can tie it to another ------------------------------------------
 */

/* Numbers from 1, 0 = not there. */
struct evidence {
  uint8_t phone, masked_phone, landline, id_card, birth, email, openid, unionid, home, firm;
  bool knows_name;  /* who it is */
  bool knows_place; /* the first digits of the ID, kept by a damaged one */
};

static struct evidence evidence_of(const struct row *r) {
  struct evidence e = {0};
  enum customer_phone_style phone = r->phone_style;
  bool own = r->phone < 2; /* what is lent to others says nothing */
  bool whole = phone == PHONE_PLAIN || phone == PHONE_COUNTRY || phone == PHONE_SPACED ||
               phone == PHONE_DASHED || phone == PHONE_FULL_WIDTH;
  uint8_t number = (uint8_t)(1 + (r->person.phones[r->phone] != r->person.phones[0]));
  if (r->has[PHONE] && own && whole) e.phone = number;
  if (r->has[PHONE] && own && (whole || phone == PHONE_MASKED)) e.masked_phone = number;
  e.landline = r->has[PHONE] && phone == PHONE_LANDLINE;
  e.id_card = r->has[ID_CARD] && r->id_style != ID_EXCEL;
  e.knows_place = r->has[ID_CARD];
  e.birth = r->has[BIRTH] || r->has[ID_CARD];
  e.email = r->has[EMAIL] && !r->placeholder_email;
  if (r->has[OPENID]) e.openid = (uint8_t)(r->openid + 1);
  if (r->has[UNIONID]) e.unionid = (uint8_t)(r->unionid + 1);
  bool moved = !is_same_home(&r->person.home, &r->person.old_home);
  if (r->has[ADDRESS]) e.home = (uint8_t)(1 + (moved && r->old_home));
  bool changed = memcmp(&r->person.firm, &r->person.old_firm, sizeof r->person.firm) != 0;
  if (r->has[COMPANY] && r->person.has_firm) e.firm = (uint8_t)(1 + (changed && r->old_firm));
  enum customer_name_style name = r->name_style;
  bool is_nick = name == NAME_NICK || name == NAME_PLACEHOLDER;
  bool is_short = name == NAME_SIR || name == NAME_BOSS || name == NAME_OLD || name == NAME_MASKED;
  e.knows_name = r->has[NAME] && !is_nick && (!is_short || r->person.dotted[0]);
  return e;
}

static bool are_tied(const struct evidence *a, const struct evidence *b) {
#define SAME(field) (a->field && a->field == b->field)
  if (SAME(phone) || SAME(id_card) || SAME(email) || SAME(openid) || SAME(unionid)) return true;
  unsigned more = (unsigned)SAME(birth) + SAME(home) + SAME(firm) + SAME(masked_phone) +
                  SAME(landline) + (a->knows_place && b->knows_place);
  return more >= 2 || (more == 1 && a->knows_name && b->knows_name);
#undef SAME
}

uint32_t customer_row_part(const struct customer_world *world, const struct customer_place *place) {
  enum { RECORDS_MAX = 16 };
  struct evidence evidence[RECORDS_MAX];
  uint32_t part[RECORDS_MAX], count = place->record_count;
  check(count <= RECORDS_MAX);
  for (uint32_t i = 0; i < count; i++) {
    struct customer_place other = *place;
    struct row r;
    other.number = i;
    make_row(world, &other, &r);
    evidence[i] = evidence_of(&r);
    part[i] = i;
    for (uint32_t k = 0; k < i; k++) {
      if (part[k] == part[i] || !are_tied(&evidence[i], &evidence[k])) continue;
      uint32_t to = part[k] < part[i] ? part[k] : part[i], from = part[k] ^ part[i] ^ to;
      for (uint32_t j = 0; j <= i; j++)
        if (part[j] == from) part[j] = to;
    }
  }
  return part[place->number];
}
