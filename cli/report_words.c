#include "cli/report_words.h"

#include <stddef.h>
#include <string.h>

struct word {
  const char *name, *chinese, *english;
};

static const struct word levels[] = {
    {"missing", "至少一方为空", NULL},
    {"differ", "不同", NULL},
    {"different", "不同", NULL},
    {"exact", "相同", NULL},
    {"partly agrees", "部分相同", NULL},
    {"exclusive", "相同，专属一人", "same, one person's alone"},
    {"family", "相同，家人共用", "same, shared in a family"},
    {"shared", "相同，多人共用", "same, shared by several people"},
    {"hub", "相同，很多人共用", "same, shared by a crowd"},
    {"recycled", "相同，可能是二次放号", "same, perhaps given out again"},
    {"branch of the same firm", "同一公司的分支机构", NULL},
    {"day and month swapped", "日月颠倒", NULL},
    {"few words", "少数词相同", NULL},
    {"fits as far as it is written", "写出的部分相符", NULL},
    {"fits the masked number", "与打码号码相符", NULL},
    {"little in common: same surname or one word", "仅同姓或一词相同", NULL},
    {"many words", "许多词相同", NULL},
    {"most words", "多数词相同", NULL},
    {"nearly all words", "几乎所有词相同", NULL},
    {"one begins with the other", "一个是另一个的开头", NULL},
    {"one character off", "差一个字符", NULL},
    {"one character off, same domain", "差一个字符，域名相同", NULL},
    {"one digit off", "差一位数字", NULL},
    {"one slip off, check fails", "差一处且校验不符", NULL},
    {"same account", "账号相同", NULL},
    {"same address", "地址相同", NULL},
    {"same amount", "金额相同", NULL},
    {"same area and birth date", "地区与生日相同", NULL},
    {"same before the @", "@ 之前相同", NULL},
    {"same but for a misspelt domain", "仅域名拼写有误", NULL},
    {"same city", "同城", NULL},
    {"same code", "代码相同", NULL},
    {"same code, check fails", "代码相同但校验不符", NULL},
    {"same date", "日期相同", NULL},
    {"same district", "同区县", NULL},
    {"same firm", "同一公司", NULL},
    {"same firm, one without region", "同一公司，一方未写地区", NULL},
    {"same house, other room", "同楼不同室", NULL},
    {"same landline", "座机相同", NULL},
    {"same last eight digits", "后八位相同", NULL},
    {"same last four", "后四位相同", NULL},
    {"same last six", "后六位相同", NULL},
    {"same name, other or no legal form", "名称相同，组织形式不同或缺失", NULL},
    {"same name, other region", "名称相同，地区不同", NULL},
    {"same name, written differently", "同名不同写法", NULL},
    {"same number", "号码相同", NULL},
    {"same number, check fails", "号码相同但校验不符", NULL},
    {"same number, one without room", "门牌相同，一方未写房号", NULL},
    {"same organisation code", "组织机构代码相同", NULL},
    {"same road or estate", "同路或同小区", NULL},
    {"same sound or one slip", "同音或差一笔", NULL},
    {"same to the room", "精确到室相同", NULL},
    {"same value", "值相同", NULL},
    {"same words", "用词相同", NULL},
    {"same year", "同年", NULL},
    {"same", "相同", NULL},
    {"same, parts missing or initials", "相同，有缺省或缩写", NULL},
    {"short form or one character differs", "简称或差一个字", NULL},
    {"similar name", "名称相近", NULL},
    {"similar", "相近", NULL},
    {"some words", "部分词相同", NULL},
    {"two digits off", "差两位数字", NULL},
    {"two of year, month and day", "年月日中两项相同", NULL},
    {"within one in a hundred", "相差百分之一以内", NULL},
    {"within one in ten", "相差十分之一以内", NULL},
    {"within ten days", "相差十天以内", NULL},
};

static const struct word stages[] = {
    {"scan", "扫描文件", NULL},         {"layout", "记录编号", NULL},
    {"ingest", "读取并标准化", NULL},   {"tally", "汇总频次", NULL},
    {"frequency", "频次加权", NULL},    {"block", "分块", NULL},
    {"classify", "回传标识共享", NULL}, {"score", "候选对打分", NULL},
    {"route", "分发候选对", NULL},      {"sample", "随机对比", NULL},
    {"compare", "比较候选对", NULL},    {"train", "训练模型", NULL},
    {"link", "打分并连通", NULL},       {"repair", "处理冲突", NULL},
    {"settle", "确定客户", NULL},       {"identify", "分配客户号", NULL},
    {"merge", "合并与打标", NULL},      {"export", "写出清单", NULL},
    {"publish", "发布", NULL},
};

static const struct word flags[] = {
    {"E_CHARS", "含不允许的字符", "characters that do not belong"},
    {"E_LEN", "长度不对", "wrong length"},
    {"E_PREFIX_ONLY", "只有前缀", "only a prefix"},
    {"E_SCI", "被写成科学计数法", "written in scientific notation"},
    {"E_EXCEL", "被表格软件改坏", "damaged by a spreadsheet"},
    {"E_DATE", "日期不存在", "no such date"},
    {"E_CHECK", "校验位不符", "check digit fails"},
    {"E_CHARSET", "编码错误", "wrong character set"},
    {"E_SHAPE", "格式不对", "wrong shape"},
    {"E_RANGE", "超出范围", "out of range"},
    {"W_TRUNCATED", "被截断", "cut off"},
    {"W_MASKED", "已打码", "masked already"},
    {"W_DUMMY", "像是随手填的", "a dummy value"},
    {"W_VIRTUAL", "虚拟运营或隐私号", "a virtual number"},
    {"W_IOT", "物联网号", "a machine's number"},
    {"W_NO_AREA", "缺区号", "no area code"},
    {"W_SHARED", "公共号码或账号", "a shared value"},
    {"W_AREA", "地区码未知", "unknown area"},
    {"W_AGE", "年龄可疑", "doubtful age"},
    {"W_LOST_CHAR", "有丢失的字", "a lost character"},
    {"W_PLACEHOLDER", "占位词", "a placeholder"},
    {"W_ROLE", "称谓而非姓名，或公务邮箱", "a role, not a person"},
    {"W_UNKNOWN_CODE", "未知代码", "unknown code"},
    {"W_AMBIGUOUS", "有歧义", "ambiguous"},
    {"W_TYPO_DOMAIN", "邮箱域名拼写有误", "misspelt domain"},
    {"W_FUTURE", "日期在未来", "in the future"},
    {"W_CONTRADICTS", "与身份证号不符", "says otherwise than the ID card"},
    {"I_MVNO", "虚拟运营商", "virtual operator"},
    {"I_FOREIGN", "境外", "foreign"},
};

static const struct word *find(const struct word *words, size_t count, const char *name) {
  for (size_t i = 0; i < count; i++)
    if (strcmp(words[i].name, name) == 0) return &words[i];
  return NULL;
}

const char *report_words_level(const char *name, const char **english) {
  const struct word *word = find(levels, sizeof levels / sizeof levels[0], name);
  *english = word && word->english ? word->english : name;
  return word ? word->chinese : NULL;
}

const char *report_words_stage(const char *name) {
  const struct word *word = find(stages, sizeof stages / sizeof stages[0], name);
  return word ? word->chinese : NULL;
}

const char *report_words_flag(const char *name, const char **english) {
  const struct word *word = find(flags, sizeof flags / sizeof flags[0], name);
  *english = word ? word->english : NULL;
  return word ? word->chinese : NULL;
}
