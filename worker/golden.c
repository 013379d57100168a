#include "worker/golden.h"

#include "common/number_write.h"

enum { ID_DATE_DIGITS = 8, ID_COUNTER_DIGITS_MIN = 3, ID_COUNTER_DIGITS_MAX = 10 };
static const uint64_t counter_limit = 10000000000ULL;

bool golden_next_part(struct bytes *rest, struct bytes *part) {
  if (rest->size == 0) return false;
  const char *separator = memchr(rest->data, RECORD_VALUE_SEPARATOR, rest->size);
  size_t size = separator ? (size_t)(separator - rest->data) : rest->size;
  *part = bytes_of(rest->data, size);
  size_t taken = size + (separator != NULL);
  *rest = bytes_of(rest->data + taken, rest->size - taken);
  return true;
}

void customer_id_format(uint64_t customer_id, char out[32]) {
  uint64_t counter = customer_id % counter_limit;
  unsigned digits = ID_COUNTER_DIGITS_MIN;
  for (uint64_t limit = 1000; counter >= limit; limit *= 10) digits++;
  *out++ = 'C';
  uint64_t date = customer_id / counter_limit;
  out = number_put_padded(out, date, ID_DATE_DIGITS);
  *number_put_padded(out, counter, digits) = '\0';
}

bool customer_id_parse(struct bytes text, uint64_t *customer_id) {
  size_t least = 1 + ID_DATE_DIGITS + ID_COUNTER_DIGITS_MIN;
  size_t most = 1 + ID_DATE_DIGITS + ID_COUNTER_DIGITS_MAX;
  if (text.size < least || text.size > most || text.data[0] != 'C') return false;
  uint64_t date = 0, counter = 0;
  for (size_t i = 1; i < text.size; i++) {
    unsigned digit = (unsigned)text.data[i] - '0';
    if (digit > 9) return false;
    if (i <= ID_DATE_DIGITS)
      date = date * 10 + digit;
    else
      counter = counter * 10 + digit;
  }
  /* One id has one form: more than three digits have no leading zero. */
  if (text.size > least && text.data[1 + ID_DATE_DIGITS] == '0') return false;
  *customer_id = date * counter_limit + counter;
  return true;
}
