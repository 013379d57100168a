#include "cli/recognise.h"
#include "common/json_write.h"
#include "common/text.h"

static const char *const by_names[] = {
    [RECOGNISED_BY_HEADING_AND_CONTENT] = "heading and content",
    [RECOGNISED_BY_HEADING] = "heading",
    [RECOGNISED_BY_CONTENT] = "content",
    [RECOGNISED_BY_NOTHING] = "nothing",
};

/* Columns that a terminal needs for a text: Han characters are two wide. */
static size_t width_of(struct bytes text) {
  size_t width = 0;
  for (const char *at = text.data, *end = at + text.size; at < end;)
    width += text_decode(&at, end) >= 0x1100 ? 2 : 1;
  return width;
}

static void print_padded(struct buffer *out, struct bytes text, size_t width) {
  for (size_t i = 0; i < text.size; i++)
    buffer_append_char(out, (unsigned char)text.data[i] < ' ' ? ' ' : text.data[i]);
  for (size_t w = width_of(text); w < width; w++) buffer_append_char(out, ' ');
}

static void print_column(const struct job *job, const struct recognised_column *column,
                         struct bytes heading, size_t heading_width, size_t field_width,
                         struct buffer *out) {
  buffer_append_string(out, "  ");
  print_padded(out, heading, heading_width);
  if (column->field < 0) {
    buffer_printf(out, "  %s\n", column->meaning);
    return;
  }
  const struct job_field *field = &job->fields[column->field];
  buffer_append_string(out, "  ");
  print_padded(out, field->name, field_width);
  buffer_append_string(out, "  ");
  print_padded(out, bytes_from_string(column->meaning), 24);
  buffer_printf(out, "  %s  filled %3u %%", field->use == USE_MATCH ? "compared" : "carried ",
                column->filled_percent);
  if (column->by == RECOGNISED_BY_NOTHING)
    buffer_append_string(out, "  not recognised, kept as text\n");
  else
    buffer_printf(out, "  sure %3u %% by %s%s\n", column->sure_percent, by_names[column->by],
                  column->is_key ? "; the record's own id" : "");
}

void recognition_print(const struct job *job, const struct recognition *recognition,
                       struct buffer *out) {
  enum { WIDTH_MAX = 28 };
  size_t heading_width = 0, field_width = 0;
  for (uint32_t i = 0; i < recognition->column_count; i++) {
    const struct recognised_column *column = &recognition->columns[i];
    size_t width = width_of(recognition->files[column->file].columns[column->column]);
    if (width > heading_width && width <= WIDTH_MAX) heading_width = width;
    width = column->field < 0 ? 0 : width_of(job->fields[column->field].name);
    if (width > field_width && width <= WIDTH_MAX) field_width = width;
  }
  for (uint32_t i = 0; i < recognition->column_count; i++) {
    const struct recognised_column *column = &recognition->columns[i];
    const struct source_file *file = &recognition->files[column->file];
    if (column->column == 0)
      buffer_printf(out, "%s: %s, %s, %u columns, recognised from %u rows\n", file->path,
                    source_format_name(file->format), source_encoding_name(file->encoding),
                    file->column_count, file->sample.row_count);
    print_column(job, column, file->columns[column->column], heading_width, field_width, out);
  }
}

void recognition_json(const struct job *job, const struct recognition *recognition,
                      struct json_writer *writer) {
  json_array_begin(writer);
  for (uint32_t i = 0; i < recognition->column_count; i++) {
    const struct recognised_column *column = &recognition->columns[i];
    const struct source_file *file = &recognition->files[column->file];
    json_object_begin(writer);
    json_key(writer, "file"), json_string(writer, file->path);
    json_key(writer, "column"), json_bytes(writer, file->columns[column->column]);
    json_key(writer, "meaning"), json_string(writer, column->meaning);
    if (column->field >= 0) {
      const struct job_field *field = &job->fields[column->field];
      json_key(writer, "field"), json_bytes(writer, field->name);
      json_key(writer, "type"), json_string(writer, job_type_name(field->type));
      json_key(writer, "use"), json_string(writer, field->use == USE_MATCH ? "match" : "attribute");
    }
    json_key(writer, "is_record_id"), json_bool(writer, column->is_key);
    json_key(writer, "recognised_by"), json_string(writer, by_names[column->by]);
    json_key(writer, "sure_percent"), json_u64(writer, column->sure_percent);
    json_key(writer, "filled_percent"), json_u64(writer, column->filled_percent);
    json_object_end(writer);
  }
  json_array_end(writer);
}
