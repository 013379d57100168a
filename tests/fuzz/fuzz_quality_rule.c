/* Any bytes as the expression of a quality rule: refused at a column, or compiled and evaluated
 * over rows of every state. */
#include <stdint.h>
#include <string.h>

#include "common/check.h"
#include "worker/quality_expression.h"
#include "worker/quality_rules.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char yaml[] =
    "version: 1\n"
    "fields: {会员等级: category}\n"
    "sources:\n"
    "  - {id: a, files: a.csv, map: {p: 手机号码, i: 身份证号, f: 首次跟进时间, z: 展会日期, k: "
    "订单金额, g: 会员等级}}\n"
    "quality: {rules: [{id: r, when: missing(手机号码)}]}\n";

static struct job job;
static struct plan plan;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct failure failure = {0};
  if (job.field_count == 0) {
    check(job_parse(bytes_from_string(yaml), "job.yaml", &job, &failure) == ERR_OK);
    check(plan_make(&job, &plan, &failure) == ERR_OK);
  }
  if (size > JOB_TEXT_BYTES_MAX) return 0;
  job.quality_rules[0].when = bytes_of((const char *)data, size);
  struct quality_rules *rules = NULL;
  if (quality_rules_compile(&job, &plan, &rules, &failure)) {
    check(failure.code == ERR_CONFIG && strstr(failure.message, "column"));
    return 0;
  }
  static const char *const texts[] = {"", "13800138123", "2026-05-01", "-12.50", "a\037b"};
  for (unsigned i = 0; i < 5; i++) {
    struct record_value values[JOB_FIELDS_MAX] = {0};
    uint32_t flags[JOB_FIELDS_MAX] = {0};
    for (uint32_t f = 0; f < job.field_count; f++) {
      values[f] = (struct record_value){bytes_from_string(texts[(i + f) % 5]),
                                        (uint8_t)((i + f) % 5), (uint8_t)i};
      flags[f] = 1u << i;
    }
    struct quality_hit hits[JOB_QUALITY_RULES_MAX];
    check(quality_rules_evaluate(rules, values, flags, hits) <= 1);
  }
  quality_rules_free(rules);
  return 0;
}
