/* customer_output — a customer for people, as tables, and for programs, as JSON. */
#ifndef GUIYI_CLI_CUSTOMER_OUTPUT_H
#define GUIYI_CLI_CUSTOMER_OUTPUT_H

#include "cli/open_generation.h"
#include "common/json_write.h"

/* Golden values with where each comes from, then the records. with_values: what each record says.
 */
void customer_print(const struct open_generation *open, const struct named_customer *customer,
                    bool with_values, struct arena *arena, struct buffer *out);
/* One object; the same content, records with their values. */
void customer_print_json(const struct open_generation *open, const struct golden_record *golden,
                         struct arena *arena, struct json_writer *json);

#endif
