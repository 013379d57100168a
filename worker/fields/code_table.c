#include "worker/fields/code_table.h"

#include "worker/fields/cell.h"
#include "worker/fields/plain_fold.h"
#include "worker/fields/tables.h"

/* One word of the project and those it is recognised by, as plain_fold writes them, separated by
 * spaces; '_' stands for a space in one. */
struct code_row {
  const char *code;
  const char *words;
};

/* GB/T 2261.1. Sources that use 0 and 1 for the sexes must say so in their aliases. */
static const struct code_row gender_rows[] = {
    {"男", "男 男性 男士 男生 先生 m male man boy 1 mr mr."},
    {"女", "女 女性 女士 女生 小姐 太太 夫人 f female woman girl 2 ms mrs miss ms. mrs."},
    {"?", "0 9 未知 未说明 未说明的性别 未知的性别 保密 其他 u unknown x other undisclosed"},
    {NULL, NULL}};

static const struct code_row channel_rows[] = {
    {"官网注册", "官网注册 官网 网站 web www website pc官网 官方网站 官网商城 pc网站 pc"},
    {"APP", "app app下单 app注册 手机app 安卓 android ios 客户端 移动端"},
    {"门店留资", "门店留资 门店 线下 线下门店 pos 门店pos 到店 实体店 store"},
    {"公众号", "公众号 微信 微信公众号 服务号 订阅号 wechat weixin"},
    {"小程序", "小程序 微信小程序 mp wxapp miniprogram mini_program"},
    {"企业微信", "企业微信 企微 wecom wework"},
    {"电商平台",
     "电商平台 电商 天猫 淘宝 京东 抖店 拼多多 抖音小店 唯品会 tmall taobao jd pdd 快手小店 "
     "亚马逊 amazon"},
    {"电话客服", "电话客服 电话 400 呼入 400电话 热线 呼叫中心 call_center phone tel"},
    {"在线客服", "在线客服 客服系统 客服 网页客服 im chat 在线咨询"},
    {"展会", "展会 展会签到 展览 会展 exhibition expo trade_show"},
    {"官网搜索", "官网搜索 搜索 百度 搜索引擎 seo sem search"},
    {"转介绍", "转介绍 老客户介绍 推荐 老带新 介绍 朋友介绍 朋友推荐 referral"},
    {"社交媒体", "社交媒体 微博 抖音 小红书 快手 知乎 b站 哔哩哔哩 视频号 social social_media"},
    {"营销活动", "营销活动 活动 市场活动 推广 广告 campaign marketing"},
    {"第三方平台", "第三方平台 第三方 合作平台 partner"},
    {"ERP导入", "erp导入 erp erp系统"},
    {"人工录入", "人工录入 手工录入 手工 人工 销售录入 manual"},
    {"?", "未知 不详 其他 other unknown"},
    {NULL, NULL}};

static const struct code_row state_rows[] = {
    {"潜在客户", "潜在客户 潜在 潜客 线索 意向客户 意向 准客户 lead prospect potential"},
    {"成交客户", "成交客户 成交 已成交 已购 老客户 复购 正式客户 customer active won"},
    {"流失客户", "流失客户 流失 已流失 沉睡 lost churned inactive"},
    {"?", "未知 unknown"},
    {NULL, NULL}};

/* What people say for industries besides their names in GB/T 4754. */
static const struct code_row industry_rows[] = {
    {"I65", "it 软件 软件业 软件开发 信息技术 it行业 it业 software 计算机软件 saas"},
    {"I64", "互联网 互联网行业 internet 网络"},
    {"I63", "通信 电信 运营商 telecom"},
    {"I", "tmt 信息服务"},
    {"J", "金融 金融行业 finance"},
    {"J66", "银行 银行业 bank banking"},
    {"J68", "保险 insurance"},
    {"J67", "证券 基金 券商"},
    {"P", "教育 教育行业 培训 教育培训 education"},
    {"Q84", "医疗 医院 医疗卫生 healthcare 医疗健康"},
    {"C27", "医药 制药 生物医药 pharma"},
    {"C", "制造 制造行业 工业 生产制造 manufacturing 生产"},
    {"C36", "汽车 汽车制造 汽车行业 automotive"},
    {"C39", "电子 电子制造 半导体 electronics 通信设备"},
    {"C26", "化工 化学 chemical"},
    {"F52", "零售 零售行业 retail 商超 超市"},
    {"F51", "批发 贸易 外贸 进出口 wholesale trade"},
    {"F", "批发零售 商贸"},
    {"K", "房地产 地产 房产 real_estate"},
    {"E", "建筑 建筑行业 建筑工程 施工 construction"},
    {"E50", "装修 装饰 装潢"},
    {"H62", "餐饮 餐饮行业 饭店 catering"},
    {"H61", "酒店 宾馆 hotel"},
    {"G", "物流 运输 交通 交通运输 物流运输 logistics"},
    {"G60", "快递"},
    {"A", "农业 农林牧渔 agriculture"},
    {"D", "能源 电力 公用事业 energy utilities"},
    {"B", "采矿 矿业 mining"},
    {"L72", "咨询 商务服务 广告 法律 人力资源 consulting"},
    {"M", "科研 研发 检测 research"},
    {"R86", "媒体 传媒 出版 media"},
    {"R", "文化 娱乐 体育 文体 文化传媒"},
    {"S", "政府 政府机关 公共管理 事业单位 government"},
    {"O", "居民服务 美容 家政"},
    {"N", "环保 水利 市政"},
    {NULL, NULL}};

static bool is_among(const char *words, struct bytes word) {
  while (*words) {
    size_t size = strcspn(words, " ");
    bool equal = size == word.size;
    for (size_t i = 0; equal && i < size; i++)
      equal = words[i] == word.data[i] || (words[i] == '_' && word.data[i] == ' ');
    if (equal) return true;
    words += size;
    while (*words == ' ') words++;
  }
  return false;
}

static struct bytes find_in(const struct code_row *rows, struct bytes word) {
  for (; rows->code; rows++)
    if (is_among(rows->words, word)) return bytes_from_string(rows->code);
  return BYTES_EMPTY;
}

/* ---- industries ---- */

/* The section of a division of GB/T 4754-2017; 0 = there is no such division. */
static char section_of(int division) {
  static const signed char last[] = {5,  12, 43, 46, 50, 52, 60, 62, 65, 69,
                                     70, 72, 75, 79, 82, 83, 85, 90, 96, 97};
  for (int i = 0; division >= 1 && i < 20; i++)
    if (division <= last[i]) return (char)('A' + i);
  return 0;
}

/* "65", "I65", "i 6513", "I": with its section. Empty for what is no code. */
static struct bytes industry_code(struct bytes text, struct arena *arena) {
  char letter = text.size && cell_is_letter(text.data[0]) ? (char)(text.data[0] & ~0x20) : 0;
  struct bytes digits = text;
  if (letter) digits = bytes_trim(bytes_of(text.data + 1, text.size - 1));
  if (letter && digits.size == 0)
    return letter <= 'T' ? arena_copy(arena, bytes_of(&letter, 1)) : BYTES_EMPTY;
  if (digits.size < 2 || digits.size > 4 || !cell_all_digits(digits.data, digits.size))
    return BYTES_EMPTY;
  char section = section_of(cell_number(digits.data, 2));
  if (!section || (letter && letter != section)) return BYTES_EMPTY;
  char code[5] = {section};
  memcpy(code + 1, digits.data, digits.size);
  return arena_copy(arena, bytes_of(code, digits.size + 1));
}

static struct bytes find_industry(struct bytes text, struct bytes word, struct arena *arena) {
  struct bytes code = industry_code(text, arena);
  if (code.size) return code;
  code = industry_find(text);
  if (code.size) return industry_code(code, arena);
  return find_in(industry_rows, word);
}

struct bytes code_find(enum code_table table, struct bytes text, struct arena *arena) {
  struct bytes word = plain_fold(text, arena);
  switch (table) {
    case CODE_GENDER:
      return find_in(gender_rows, word);
    case CODE_CHANNEL:
      return find_in(channel_rows, word);
    case CODE_INDUSTRY:
      return find_industry(text, word, arena);
    case CODE_CUSTOMER_STATE:
      return find_in(state_rows, word);
    case CODE_NONE:
      break;
  }
  return text;
}

struct bytes code_unknown(enum code_table table) {
  return table == CODE_INDUSTRY ? BYTES("待完善") : BYTES("未知");
}
