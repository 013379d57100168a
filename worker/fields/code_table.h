/* code_table — the words that sources use for a code, and the one the project uses. */
#ifndef GUIYI_WORKER_FIELDS_CODE_TABLE_H
#define GUIYI_WORKER_FIELDS_CODE_TABLE_H

#include "common/arena.h"
#include "common/bytes.h"
#include "common/field_options.h"

/* The table's word for a text; CODE_MEANS_UNKNOWN when the text says that it is not known ("0",
 * 保密); empty when the table does not have it. The result is constant or lies in the arena. */
struct bytes code_find(enum code_table table, struct bytes text, struct arena *arena);

#define CODE_MEANS_UNKNOWN BYTES("?")

/* What stands for a code that the table does not know: 未知, 待完善. */
struct bytes code_unknown(enum code_table table);

#endif
