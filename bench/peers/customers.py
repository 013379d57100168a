"""customers — what the peers share: the columns of `guiyi make-customers`, cleaned in SQL as a competent user would.

Each peer is one program: PEER.py records.csv members.csv; members.csv has record_id, entity_id."""

# Phones without separators and country code, ID cards in capitals, e-mail in small letters, birth dates as digits;
# dummies, masked and placeholder values are no values.
CLEAN = """
CREATE OR REPLACE TABLE customers AS
SELECT record_id AS unique_id,
  nullif(plain_name, '') AS name,
  CASE WHEN phone_digits ~ '^1[3-9][0-9]{9}$' AND phone_digits !~ '(0{6}|1{7}|8{7}|12345678)' THEN phone_digits END AS phone,
  CASE WHEN length(card) = 18 THEN card END AS id_card,
  CASE WHEN mail LIKE '%_@_%.%' THEN mail END AS email,
  nullif(trim(wechat_openid), '') AS openid,
  nullif(regexp_replace(address, '\\s', '', 'g'), '') AS address,
  nullif(regexp_extract(address, '([^省市区县]{2,6}[路街道巷弄][0-9]+号?)'), '') AS place,
  CASE WHEN plain_name !~ '[0-9A-Za-z]' THEN left(plain_name, 1) END AS surname,
  CASE WHEN length(birth) = 8 THEN birth END AS birth_date,
  CASE WHEN lower(gender) IN ('男', 'm', '1', 'male') THEN 'm' WHEN lower(gender) IN ('女', 'f', '2', 'female') THEN 'f'
  END AS gender
FROM (
  SELECT *, right(regexp_replace(coalesce(phone, ''), '[^0-9]', '', 'g'), 11) AS phone_digits,
    regexp_replace(coalesce(name, ''), '\\s|[*?]|先生|女士|小姐', '', 'g') AS plain_name,
    upper(regexp_replace(coalesce(id_card, ''), '[^0-9Xx]', '', 'g')) AS card,
    lower(trim(coalesce(email, ''))) AS mail,
    regexp_replace(coalesce(birth_date, ''), '[^0-9]', '', 'g') AS birth
  FROM read_csv('{records}', header = true, all_varchar = true))
"""


def load(connection, records):
    connection.execute(CLEAN.replace("{records}", records.replace("'", "''")))


def write_members(connection, query, members):
    path = members.replace("'", "''")
    connection.execute(f"COPY ({query}) TO '{path}' (HEADER, DELIMITER ',')")
