/* job_json — a resolved job and its plan as JSON, for machines. */
#ifndef GUIYI_CLI_JOB_JSON_H
#define GUIYI_CLI_JOB_JSON_H

#include "common/json_write.h"
#include "worker/plan.h"

void job_json(const struct plan *plan, struct json_writer *w);

/* A key part for people: 客户姓名.pinyin. Appended to out. */
void plan_print_part(const struct plan *plan, struct plan_key_part part, struct buffer *out);

#endif
