#include "common/field_model.h"

#include "common/text.h"

/* clang-format off: one entry a line, like the table it is */
#define ATTRIBUTE .use = USE_ATTRIBUTE
static const struct field_model models[] = {
    /* who */
    {"客户姓名",
     "姓名|名字|客户名|客户|用户姓名|会员姓名|联系人|联系人姓名|真实姓名|顾客姓名|买家姓名|"
     "客户称呼|称呼|name|"
     "fullname|customername|contactname|personname|realname|contact|姓名全称|中文名",
     FIELD_TYPE_PERSON_NAME, .required = true},
    {"名", "givenname|firstname|fname|first|gname|forename|fnamec1|givennames|firstnames",
     FIELD_TYPE_PERSON_NAME, .part = NAME_GIVEN},
    {"姓", "姓氏|surname|lastname|lname|last|familyname|lnamec1|surnames", FIELD_TYPE_PERSON_NAME,
     .part = NAME_FAMILY},
    {"曾用姓", "maiden|maidenname|formersurname|previoussurname", FIELD_TYPE_PERSON_NAME,
     .part = NAME_FAMILY},
    {"中间名", "middlename|mname|middle|middleinitial|secondname|fnamec2|lnamec2|sname|patronymic",
     FIELD_TYPE_PERSON_NAME, .part = NAME_MIDDLE},
    {"昵称", "nickname|买家昵称|微信昵称|用户昵称|会员昵称|网名|nick|alias|wechatnickname",
     FIELD_TYPE_PERSON_NAME, .part = NAME_NICKNAME, ATTRIBUTE},
    {"性别", "gender|sex|客户性别", FIELD_TYPE_CATEGORY, .codes = CODE_GENDER},
    {"出生日期",
     "生日|出生年月|出生年月日|出生|birthdate|dob|dateofbirth|birthday|bdate|birth|客户生日",
     FIELD_TYPE_DATE},
    {"出生年", "出生年份|by|birthyear|yob|yearofbirth", FIELD_TYPE_DATE, .part = DATE_YEAR},
    {"出生月", "出生月份|bm|birthmonth|mob|monthofbirth", FIELD_TYPE_DATE, .part = DATE_MONTH},
    {"出生日", "bd|dayofbirth", FIELD_TYPE_DATE, .part = DATE_DAY},
    {"年龄", "age|岁数", FIELD_TYPE_CATEGORY, ATTRIBUTE},
    {"民族", "race|ethnicity|raceethnicity|ethnic|ethnicgroup", FIELD_TYPE_CATEGORY},
    {"国籍", "国家|country|nationality|countrycode|countryofbirth|citizenship",
     FIELD_TYPE_CATEGORY},
    {"职业", "occupation|occup|profession|job", FIELD_TYPE_CATEGORY},
    {"职位", "职务|岗位|jobtitle|position", FIELD_TYPE_TEXT, ATTRIBUTE},
    /* identifiers */
    {"手机号码",
     "手机|手机号|手机号码1|电话|电话号码|联系电话|联系方式|联系手机|移动电话|用户手机号|用户手机|"
     "会员手机|"
     "会员手机号|客户手机|客户手机号|来电号码|来电|phone|phonenumber|mobile|mobilephone|"
     "mobilenumber|mobileno|"
     "cellphone|cell|tel|telephone|telephonenumber|telno|phoneno|contactnumber|msisdn",
     FIELD_TYPE_PHONE, .multi = true, .required = true},
    {"固定电话",
     "座机|办公电话|家庭电话|公司电话|landline|homephone|workphone|officephone|businessphone",
     FIELD_TYPE_PHONE},
    {"传真", "fax|faxnumber", FIELD_TYPE_PHONE, ATTRIBUTE},
    {"身份证号",
     "身份证|身份证号码|证件号|证件号码|公民身份号码|idcard|idcardno|idcardnumber|idnumber|idno|"
     "nationalid|"
     "citizenid",
     FIELD_TYPE_ID_CARD},
    {"统一社会信用代码",
     "信用代码|社会信用代码|统一信用代码|税号|纳税人识别号|uscc|creditcode|socialcreditcode|taxno",
     FIELD_TYPE_USCC},
    {"邮箱地址", "邮箱|电子邮箱|电子邮件|邮件|电邮|邮件地址|email|emailaddress|mail|mailaddress",
     FIELD_TYPE_EMAIL, .multi = true},
    {"渠道标识", "渠道id|channelid", FIELD_TYPE_ACCOUNT, .multi = true},
    {"openid", "wechatopenid|wxopenid|微信openid|公众号openid|小程序openid", FIELD_TYPE_ACCOUNT,
     .name_space = "openid", .multi = true},
    {"unionid", "wechatunionid|wxunionid|微信unionid", FIELD_TYPE_ACCOUNT, .name_space = "unionid",
     .multi = true},
    {"会员卡号",
     "会员号|会员编号|会员id|会员卡|卡号|memberid|memberno|membernumber|membershipid|loyaltyid",
     FIELD_TYPE_ACCOUNT, .name_space = "member", .multi = true},
    {"买家ID", "买家账号|buyerid|buyeraccount|平台买家id", FIELD_TYPE_ACCOUNT,
     .name_space = "buyer", .multi = true},
    {"微信号", "微信|wechat|wechatid|weixin", FIELD_TYPE_ACCOUNT, .name_space = "wechat"},
    {"QQ号", "qq|qqnumber|qqno", FIELD_TYPE_ACCOUNT, .name_space = "qq"},
    {"社会保障号",
     "社保号|社保卡号|ssn|socsecid|socialsecuritynumber|socialsecurityno|socialsecurity|"
     "nationalinsurancenumber|nino|nhsnumber",
     FIELD_TYPE_ACCOUNT, .name_space = "social_security"},
    {"护照号", "护照|护照号码|passport|passportno|passportnumber", FIELD_TYPE_ACCOUNT,
     .name_space = "passport"},
    /* where */
    {"地址",
     "联系地址|家庭地址|家庭住址|住址|详细地址|通讯地址|收货地址|居住地址|现住址|公司地址|address|"
     "addr|fulladdress|"
     "homeaddress|mailingaddress|postaladdress|streetaddress|residence|location",
     FIELD_TYPE_ADDRESS},
    {"街道",
     "街道地址|address1|address2|addressline1|addressline2|addr1|addr2|street|streetname|road|"
     "roadname",
     FIELD_TYPE_ADDRESS, .part = ADDRESS_STREET},
    {"门牌号", "门牌|streetnumber|housenumber|streetno|houseno|buildingnumber", FIELD_TYPE_ADDRESS,
     .part = ADDRESS_NUMBER},
    {"室号", "房号|unitnumber|unit|apartment|apt|suite|flat|pobox", FIELD_TYPE_ADDRESS,
     .part = ADDRESS_UNIT},
    {"城市", "市|所在城市|区县|区|县|city|suburb|town|locality|district|county|cityname",
     FIELD_TYPE_ADDRESS, .part = ADDRESS_LOCALITY},
    {"省份", "省|所在省份|地区|州|state|province|region|statecode|area|statename",
     FIELD_TYPE_ADDRESS, .part = ADDRESS_REGION},
    {"邮政编码", "邮编|postcode|postalcode|zip|zipcode|pc|postcodes", FIELD_TYPE_ADDRESS,
     .part = ADDRESS_POSTCODE},
    /* company */
    {"公司名称",
     "公司|公司名|企业名称|企业|单位|单位名称|工作单位|所属公司|客户单位|company|companyname|"
     "organization|"
     "organisation|organizationname|employer|employername|firm|firmname|firmtitle|businessname|"
     "sitename|"
     "schoolname|storename|shopname|门店名称|店名|公司简称|企业简称|简称|shortname",
     FIELD_TYPE_COMPANY},
    {"所属行业", "行业|行业类别|industry|sector", FIELD_TYPE_CATEGORY, .codes = CODE_INDUSTRY,
     ATTRIBUTE},
    {"标题",
     "题名|商品名称|产品名称|商品名|产品名|title|product|productname|producttitle|itemname|memo",
     FIELD_TYPE_TEXT},
    /* how the customer came, and what is to be done */
    {"来源渠道", "渠道|来源|客户来源|渠道来源|channel|leadsource|sourcechannel|acquisitionchannel",
     FIELD_TYPE_CATEGORY, ROLE_CHANNEL, .codes = CODE_CHANNEL, ATTRIBUTE,
     .survivorship = SURVIVE_EARLIEST},
    {"首次触达时间",
     "首次接触时间|关注时间|首次关注时间|firstseen|firstcontact|firsttouch|firstcontactat",
     FIELD_TYPE_DATE, ROLE_FIRST_SEEN, .with_time = true, ATTRIBUTE,
     .survivorship = SURVIVE_EARLIEST_VALUE},
    {"注册时间",
     "注册日期|创建时间|创建日期|入会时间|入会日期|开户时间|registeredat|registertime|"
     "registrationdate|regdate|"
     "regtime|createdat|createtime|createddate|creationdate|signupdate|signuptime|signupat|"
     "joindate",
     FIELD_TYPE_DATE, ROLE_FIRST_SEEN, .with_time = true, ATTRIBUTE,
     .survivorship = SURVIVE_EARLIEST_VALUE},
    {"首次跟进时间", "首次跟进|跟进时间|首次跟进日期|firstfollowup|followuptime", FIELD_TYPE_DATE,
     .with_time = true, ATTRIBUTE, .survivorship = SURVIVE_EARLIEST_VALUE},
    {"最后更新时间",
     "更新时间|更新日期|最近更新时间|最后修改时间|修改时间|updatedat|updatetime|updateddate|"
     "lastupdated|"
     "lastupdate|lastupdatedat|modifiedat|modifiedtime|lastmodified|modified|updated",
     FIELD_TYPE_DATE, ROLE_UPDATED_AT, .with_time = true, ATTRIBUTE,
     .survivorship = SURVIVE_LATEST_VALUE},
    {"最近登录时间",
     "最后登录时间|最近登录|最后登录|登录时间|lastlogin|lastloginat|lastlogintime|logintime",
     FIELD_TYPE_DATE, ROLE_LAST_LOGIN, .with_time = true, ATTRIBUTE,
     .survivorship = SURVIVE_LATEST_VALUE},
    {"事件时间",
     "下单时间|付款时间|支付时间|交易时间|成交时间|咨询时间|来电时间|发生时间|消费时间|时间|"
     "ordertime|orderdate|paidat|"
     "paymenttime|transactiondate|transactiontime|eventtime|eventdate|timestamp",
     FIELD_TYPE_DATE, ROLE_EVENT_TIME, .with_time = true, ATTRIBUTE,
     .survivorship = SURVIVE_LATEST_VALUE},
    {"展会日期", "签到日期|exhibitiondate|fairdate", FIELD_TYPE_DATE, ATTRIBUTE},
    {"客户状态", "状态|customerstatus|customerstate", FIELD_TYPE_CATEGORY, ROLE_CUSTOMER_STATE,
     .codes = CODE_CUSTOMER_STATE, ATTRIBUTE},
    {"负责人", "客户经理|销售|销售代表|归属人|跟进人|owner|salesrep|accountmanager",
     FIELD_TYPE_TEXT, ROLE_OWNER, ATTRIBUTE, .survivorship = SURVIVE_MOST_RECENT},
    /* orders and tickets */
    {"关联订单号", "订单号|订单编号|订单id|小票号|交易号|orderid|orderno|ordernumber|transactionid",
     FIELD_TYPE_TEXT, ROLE_ORDER_ID, ATTRIBUTE, .survivorship = SURVIVE_UNION, .multi = true},
    {"订单金额",
     "金额|实付金额|实付|实收|实收金额|支付金额|消费金额|交易金额|应付金额|amount|orderamount|"
     "paidamount|"
     "totalamount|paymentamount|total",
     FIELD_TYPE_AMOUNT, ROLE_ORDER_AMOUNT, ATTRIBUTE},
    {"收件人姓名", "收货人|收件人|收货人姓名|recipient|consignee|recipientname|receiver",
     FIELD_TYPE_PERSON_NAME, ATTRIBUTE},
    {"收件手机号",
     "收货手机|收货人手机|收件人手机|收件人电话|收货电话|收件电话|recipientphone|receiverphone",
     FIELD_TYPE_PHONE, ATTRIBUTE},
    {"工单类型", "问题类型|咨询类型|tickettype", FIELD_TYPE_CATEGORY, ATTRIBUTE},
    {"工单内容", "问题描述|咨询内容|通话内容|ticketcontent", FIELD_TYPE_TEXT, ATTRIBUTE,
     .survivorship = SURVIVE_CONCATENATION},
    {"备注",
     "说明|备注信息|remark|remarks|note|notes|comment|comments|描述|简介|description|abstract",
     FIELD_TYPE_TEXT, ATTRIBUTE, .survivorship = SURVIVE_CONCATENATION},
    {NULL},
};
#undef ATTRIBUTE
/* clang-format on */

const struct field_model *field_model_list(void) { return models; }

const struct field_model *field_model_find(struct bytes name) {
  for (const struct field_model *model = models; model->name; model++) {
    if (bytes_equal(bytes_from_string(model->name), name)) return model;
  }
  return NULL;
}

static bool is_letter_or_digit(uint32_t c) {
  if (c < 0x80) return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
  /* Punctuation of the general, CJK and full-width blocks. */
  return !(c == 0xB7 || (c >= 0x2000 && c < 0x2070) || (c >= 0x3000 && c < 0x3030 && c != 0x3007) ||
           (c >= 0xFF00 && c < 0xFF10) || c == 0xFF1A || c == 0xFF1B);
}

struct bytes field_model_normalise(struct bytes heading, struct arena *arena) {
  struct bytes folded = text_fold(heading, arena);
  char *out = arena_alloc(arena, folded.size + 1);
  size_t size = 0;
  for (const char *at = folded.data, *end = at + folded.size; at < end;) {
    const char *start = at;
    if (!is_letter_or_digit(text_decode(&at, end))) continue;
    memcpy(out + size, start, (size_t)(at - start));
    size += (size_t)(at - start);
  }
  out[size] = '\0';
  return bytes_of(out, size);
}

static bool is_alias(const char *aliases, struct bytes name) {
  for (const char *at = aliases; *at;) {
    size_t size = strcspn(at, "|");
    if (bytes_equal(bytes_of(at, size), name)) return true;
    at += size + (at[size] == '|');
  }
  return false;
}

const struct field_model *field_model_find_heading(struct bytes heading) {
  struct arena arena = {0};
  struct bytes name = field_model_normalise(heading, &arena);
  const struct field_model *found = NULL;
  for (const struct field_model *model = models; model->name && name.size && !found; model++) {
    struct bytes own = field_model_normalise(bytes_from_string(model->name), &arena);
    if (bytes_equal(own, name) || is_alias(model->aliases, name)) found = model;
  }
  arena_release(&arena);
  return found;
}

static enum field_use use_of_type(enum field_type_id type) {
  switch (type) {
    /* Most dates say when something happened, most codes and texts what; the model knows the
     * others. */
    case FIELD_TYPE_DATE:
    case FIELD_TYPE_CATEGORY:
    case FIELD_TYPE_AMOUNT:
    case FIELD_TYPE_TEXT:
      return USE_ATTRIBUTE;
    default:
      return USE_MATCH;
  }
}

void field_model_apply(const struct field_model *model, struct bytes name, enum field_type_id type,
                       struct job_field *field) {
  struct field_options options = {.timezone_minutes = field->options.timezone_minutes,
                                  .as_of_day = field->options.as_of_day};
  *field =
      (struct job_field){.name = name, .type = type, .use = use_of_type(type), .options = options};
  if (!model || model->type != type) return;
  field->role = model->role;
  field->use = model->use;
  field->survivorship = model->survivorship;
  field->multi = model->multi;
  field->required = model->required;
  field->options.date_with_time = model->with_time;
  field->options.code_table = model->codes;
  field->options.name_space = bytes_from_string(model->name_space);
  switch (type) {
    case FIELD_TYPE_PERSON_NAME:
      field->options.name_part = model->part;
      break;
    case FIELD_TYPE_DATE:
      field->options.date_part = model->part;
      break;
    case FIELD_TYPE_ADDRESS:
      field->options.address_part = model->part;
      break;
    default:
      break;
  }
}
