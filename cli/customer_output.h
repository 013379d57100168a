/* customer_output — a customer for people, as tables, and for programs, as JSON. */
#ifndef GUIYI_CLI_CUSTOMER_OUTPUT_H
#define GUIYI_CLI_CUSTOMER_OUTPUT_H

#include "cli/open_generation.h"
#include "common/json_write.h"

/* Golden values with where each comes from, then the records. with_values: what each record says.
 */
void customer_print(const struct open_generation *open, const struct named_customer *customer,
                    bool with_values, struct arena *arena, struct buffer *out);
/* The customers it lives or works with; nothing where there are none. */
void customer_print_related(const struct open_generation *open,
                            const struct related_customer *related, uint32_t count,
                            struct arena *arena, struct buffer *out);
/* One object; the same content, records with their values. related: NULL = not asked for. */
void customer_print_json(const struct open_generation *open, const struct golden_record *golden,
                         const struct related_customer *related, uint32_t related_count,
                         struct arena *arena, struct json_writer *json);

#endif
